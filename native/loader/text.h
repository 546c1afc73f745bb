/** Texts in messages of the child. */
#ifndef PLUGIN_GATE_TEXT_H
#define PLUGIN_GATE_TEXT_H

#include "protocol.h"

/** Copies a text into a message, cut to what it can carry; NULL leaves it empty. */
void message_text(struct message *message, const char *text);

#endif
