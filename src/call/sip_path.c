/*
 * sip_path.c - Path (RFC 3327): proxies between a phone and us that want to be on the way of its calls.
 *
 * What a REGISTER says is a Route set for the calls to that contact. Their first hop is always whoever sent the
 * REGISTER: a Path cannot aim our calls at somebody else.
 */
#include "call/sip_edge_priv.h"

bool edge_path_read(const struct sip_msg *msg, char mem[EDGE_PATH_MAX], struct slice *path)
{
	struct sip_val_iter it = {0};
	struct slice val;
	struct buf b;

	buf_init_fixed(&b, mem, EDGE_PATH_MAX);
	while (sip_msg_next_val(msg, SIP_HDR_PATH, &it, &val)) {
		struct sip_addr a;

		if (!val.l)
			continue;
		if (sip_addr_decode(&a, val))
			return false;
		if (b.l)
			buf_str(&b, ", ");
		buf_slice(&b, val);
	}
	*path = buf_get(&b);
	return !buf_err(&b);
}

void edge_path_answer(struct buf *b, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct slice tag;

	while (msg && sip_msg_next_val(msg, SIP_HDR_SUPPORTED, &it, &tag)) {
		if (slice_ieqs(tag, "path")) {
			sip_enc_copy(b, msg, SIP_HDR_PATH);
			return;
		}
	}
}

void edge_path_route(struct buf *b, const struct contact *c)
{
	if (c->path.l)
		sip_enc_hdr(b, SIP_HDR_ROUTE, c->path);
}
