// Ctrl-C and SIGTERM: long work looks here between steps, stops, and keeps what it has measured (exit code 130).
#pragma once

namespace bitproof {

void catch_interrupts();  // a second signal ends the process at once
bool interrupted();

}  // namespace bitproof
