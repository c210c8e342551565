/*
 * network_priv.h - what the two files of the network share.
 */
#ifndef OFFHOOK_PBX_NETWORK_PRIV_H
#define OFFHOOK_PBX_NETWORK_PRIV_H

#include "pbx/network.h"
#include "pbx/pbx_priv.h"

void network_defaults(struct network *n);
/** Take over the members that a row, or a change of one, has. */
void network_take(struct network *n, const json_t *row);
/** All of them as a change that brings it about. */
json_t *network_json(const struct network *n);
/** Are those the same that hold at once? */
bool network_live_eq(const struct network *a, const struct network *b);
/** ERR_SYNTAX with a sentence. */
int network_row_check(const struct network *n, struct buf *why) MUST_CHECK;

#endif
