// The heads of the two rows that every variant file of the zoo has.
#pragma once

#include "variant.hpp"

namespace bitproof {
namespace {

// The faulty kernel; the note is how it lies.
constexpr VariantInfo planted(const char* lie, Techniques used = techniques()) { return {"", lie, used}; }

// Its twin: the same code under the same flags, without the fault.
constexpr VariantInfo clean(Techniques used = techniques()) { return {"clean", "the clean twin", used}; }

}  // namespace
}  // namespace bitproof
