# What keeps a build on two cores short: with all of it, half the time.

# Foreign headers are parsed once a target. None of ours, so that a change rebuilds what it must. `dev` builds without,
# which shows an #include that was forgotten.
option(BITPROOF_PRECOMPILE "Precompile the headers of the standard library and of dependencies" ON)

# bitproof_precompile(TARGET HEADER...): the ones below, and HEADER... beside them.
function(bitproof_precompile target)
  if(BITPROOF_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <chrono> <cmath> <cstdint> <fmt/format.h> <functional>
      <map> <memory> <optional> <set> <span> <string> <thread> <vector> ${ARGN})
  endif()
endfunction()

# Nothing of TARGET runs inside a timed region: its speed does not matter.
function(bitproof_untimed target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# Presets `release` and `fuzz` compile a target's sources in eight groups. A file's group follows from its name alone, so a new file
# moves no other; names in the anonymous namespaces of one group must differ.
function(bitproof_grouped target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME)
    string(MD5 hash ${name})
    string(SUBSTRING ${hash} 0 1 digit)
    math(EXPR group "0x${digit} % 8")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
endfunction()
