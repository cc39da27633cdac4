/* Sorts frames by stream; keeps the table of streams. */
#ifndef BANGER_AGENT_DISPATCH_H
#define BANGER_AGENT_DISPATCH_H

#include "agent/session.h"

/* False when the host broke the protocol; it has been told why and the session must end. */
bool dispatch_frame(struct session *session, const struct frame *frame);
/* Cancels every stream and forgets a request that was not complete. */
void dispatch_forget(struct session *session);
void stream_free(struct stream *stream);

#endif
