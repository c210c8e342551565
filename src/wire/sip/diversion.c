/*
 * diversion.c - the Diversion header (RFC 5806 10).
 */
#include "wire/sip/diversion.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"

/* The value of a parameter without its quotes; escapes stay, as no known word has any. */
static struct slice bare(struct slice v)
{
	if (v.l >= 2 && v.p[0] == '"' && v.p[v.l - 1] == '"')
		return slice_mem(v.p + 1, v.l - 2);
	return v;
}

int sip_diversion_decode(struct sip_diversion *d, struct slice s)
{
	struct slice rest, n, v;
	int err;

	*d = (struct sip_diversion){.counter = 1};
	err = sip_addr_decode(&d->addr, s);
	if (err)
		return err;
	rest = d->addr.params;
	while (sip_param_next(&rest, &n, &v)) {
		if (slice_ieqs(n, "reason")) {
			d->reason = bare(v);
		} else if (slice_ieqs(n, "privacy")) {
			d->privacy = bare(v);
		} else if (slice_ieqs(n, "counter")) {
			if (slice_u32(bare(v), &d->counter) || !d->counter)
				d->counter = 1;
		} else if (slice_ieqs(n, "limit")) {
			if (slice_u32(bare(v), &d->limit))
				d->limit = 0;
		}
	}
	return 0;
}

static void enc_word(struct buf *b, const char *name, struct slice v)
{
	if (!v.l)
		return;
	buf_char(b, ';');
	buf_str(b, name);
	buf_char(b, '=');
	if (sip_is_token(v))
		buf_slice(b, v);
	else
		sip_enc_quoted(b, v);
}

void sip_diversion_encode(struct buf *b, const struct sip_diversion *d)
{
	struct sip_addr a = d->addr;

	a.params = SLICE_NULL;
	sip_addr_encode(b, &a);
	enc_word(b, "reason", d->reason);
	enc_word(b, "privacy", d->privacy);
	if (d->counter > 1)
		buf_printf(b, ";counter=%u", d->counter);
	if (d->limit)
		buf_printf(b, ";limit=%u", d->limit);
}

bool sip_diversion_hidden(const struct sip_diversion *d)
{
	return slice_ieqs(d->privacy, "full") || slice_ieqs(d->privacy, "uri");
}
