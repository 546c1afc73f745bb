/**
 * Where a crash happened, told by the process that crashes while it still has its memory. A diagnosis only: that and how
 * the process died is taken from its wait status.
 */
#ifndef PLUGIN_GATE_CRASH_H
#define PLUGIN_GATE_CRASH_H

/**
 * Installs handlers for the signals of a crash, on a stack of their own. A handler sends one KIND_CRASH message, waits until
 * the supervisor has looked (a byte on `release`, or two seconds), and lets the signal take its course.
 */
void crash_install(int control, int release);

#endif
