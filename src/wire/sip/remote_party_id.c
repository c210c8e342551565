/*
 * remote_party_id.c - the Remote-Party-ID header.
 */
#include "wire/sip/remote_party_id.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"

/* "full", "full-network", "uri;name" in quotes ... anything that hides. */
static bool hides(struct slice v)
{
	if (v.l >= 2 && v.p[0] == '"' && v.p[v.l - 1] == '"')
		v = slice_mem(v.p + 1, v.l - 2);
	while (v.l) {
		struct slice w = sip_trim(slice_cut(&v, ';'));
		struct slice head = slice_cut(&w, '-');

		if (slice_ieqs(head, "full") || slice_ieqs(head, "uri") || slice_ieqs(head, "name"))
			return true;
	}
	return false;
}

int sip_rpid_decode(struct sip_rpid *r, struct slice s)
{
	struct slice rest, n, v;
	int err;

	*r = (struct sip_rpid){0};
	err = sip_addr_decode(&r->addr, s);
	if (err)
		return err;
	rest = r->addr.params;
	while (sip_param_next(&rest, &n, &v)) {
		if (slice_ieqs(n, "party"))
			r->called = slice_ieqs(v, "called");
		else if (slice_ieqs(n, "screen"))
			r->screened = slice_ieqs(v, "yes");
		else if (slice_ieqs(n, "privacy"))
			r->hidden = r->hidden || hides(v);
	}
	return 0;
}

void sip_rpid_encode(struct buf *b, const struct sip_rpid *r)
{
	struct sip_addr a = r->addr;

	a.params = SLICE_NULL;
	sip_addr_encode(b, &a);
	buf_str(b, r->called ? ";party=called" : ";party=calling");
	buf_str(b, r->hidden ? ";privacy=full" : ";privacy=off");
	buf_str(b, r->screened ? ";screen=yes" : ";screen=no");
}
