/*
 * registrar_text.c - contacts as text for the store and back: one line a contact, tab-separated, so that a kept
 * registration can be read with the eye. Tabs and line ends cannot stand in a SIP header value that was accepted.
 */
#include <string.h>
#include "base/mem.h"
#include "pbx/pbx_priv.h"

enum { FIELDS = 13 };

static void put_clean(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.l; i++) {
		size_t from = i;

		while (i < s.l && (unsigned char)s.p[i] >= ' ')
			i++;
		buf_mem(b, s.p + from, i - from);
		if (i < s.l)
			buf_char(b, ' ');
	}
	buf_char(b, '\t');
}

static void put_num(struct buf *b, uint64_t v)
{
	buf_u64(b, v);
	buf_char(b, '\t');
}

static void put_sa(struct buf *b, const struct sa *a)
{
	char t[SA_STRLEN];

	if (sa_isset(a))
		buf_str(b, sa_str(a, t));
	buf_char(b, '\t');
}

void registrar_write(const struct aor *a, struct buf *b)
{
	LIST_EACH (&a->bindings, k) {
		const struct contact *c = LINK_OBJ(k, struct binding, le)->c;

		put_num(b, (uint64_t)c->expires_ms);
		put_num(b, (uint64_t)c->since_ms);
		put_num(b, c->q);
		put_num(b, c->cseq);
		put_num(b, c->transp);
		put_num(b, c->natted);
		put_sa(b, &c->src);
		put_sa(b, &c->local);
		put_clean(b, c->uri);
		put_clean(b, c->callid);
		put_clean(b, c->user_agent);
		put_clean(b, c->instance);
		put_clean(b, c->path);
		buf_char(b, '\n');
	}
}

static bool get_num(struct slice s, uint64_t max, uint64_t *v)
{
	return !slice_u64(s, v) && *v <= max;
}

static bool get_sa(struct slice s, struct sa *a)
{
	sa_init(a);
	return !slice_isset(s) || !sa_parse(a, s, 0);
}

static bool read_line(struct slice line, struct contact *c)
{
	struct slice f[FIELDS];
	uint64_t exp, since, q, cseq, tp, nat;

	for (size_t i = 0; i < FIELDS; i++)
		f[i] = slice_cut(&line, '\t');
	if (!get_num(f[0], INT64_MAX, &exp) || !get_num(f[1], INT64_MAX, &since) || !get_num(f[2], 1000, &q) ||
	    !get_num(f[3], UINT32_MAX, &cseq) || !get_num(f[4], 255, &tp) || !get_num(f[5], 1, &nat) ||
	    !get_sa(f[6], &c->src) || !get_sa(f[7], &c->local) || !slice_isset(f[8]))
		return false;
	c->expires_ms = (int64_t)exp;
	c->since_ms = (int64_t)since;
	c->q = (uint16_t)q;
	c->cseq = (uint32_t)cseq;
	c->transp = (uint8_t)tp;
	c->natted = nat != 0;
	c->uri = f[8];
	c->callid = f[9];
	c->user_agent = f[10];
	c->instance = f[11];
	c->path = f[12];
	return true;
}

void registrar_read(struct slice text, void (*got)(struct contact *c, void *arg), void *arg)
{
	while (slice_isset(text)) {
		struct contact tmp, *c;

		memset(&tmp, 0, sizeof(tmp));
		if (read_line(slice_cut(&text, '\n'), &tmp) && !contact_dup(&c, &tmp))
			got(c, arg);
	}
}
