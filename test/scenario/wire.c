/*
 * wire.c - the network of a scenario: what went by, what is lost, and phones typed by hand.
 */
#include "scenario.h"

struct sa address(const char *text)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(text), 0), 0);
	return a;
}

bool contains(struct slice data, const char *text)
{
	return data.l && memmem(data.p, data.l, text, strlen(text)) != NULL;
}

bool is_sip(struct slice data)
{
	return data.l > 20 && data.p[0] >= 'A' && data.p[0] <= 'Z' && contains(data, "SIP/2.0");
}

static bool begins(struct slice data, const char *word)
{
	return slice_starts(data, slice_str(word));
}

/* ------------------------------------------------------------------ tape and losses */

static bool filter(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	struct scene *s = arg;

	if (s->tape_on && s->ntape < TAPE_MAX) {
		struct packet *p = &s->tape[s->ntape];

		if (!rbuf_alloc(&p->data, data.p, data.l)) {
			p->src = *src;
			p->dst = *dst;
			s->ntape++;
		}
	}
	if (!s->lose_word || !is_sip(data) || !begins(data, s->lose_word))
		return true;
	size_t n = s->lose_seen++;
	return n < s->lose_from || n >= s->lose_from + s->lose_n;
}

void tape_start(struct scene *s)
{
	tape_stop(s);
	s->tape_on = true;
	vnet_set_filter(s->net, filter, s);
}

void tape_stop(struct scene *s)
{
	s->tape_on = false;
	while (s->ntape)
		mem_deref(s->tape[--s->ntape].data);
}

void lose(struct scene *s, const char *word, size_t from, size_t n)
{
	s->lose_word = word;
	s->lose_from = from;
	s->lose_n = n;
	s->lose_seen = 0;
	vnet_set_filter(s->net, filter, s);
}

static bool matches(const struct packet *p, const char *src, const char *dst, const char *word)
{
	struct sa a;

	if (!is_sip(rbuf_slice(p->data)) || !begins(rbuf_slice(p->data), word))
		return false;
	if (src) {
		a = address(src);
		if (!sa_eq_addr(&a, &p->src))
			return false;
	}
	if (dst) {
		a = address(dst);
		if (!sa_eq_addr(&a, &p->dst))
			return false;
	}
	return true;
}

size_t tape_count(const struct scene *s, const char *src, const char *dst, const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ntape; i++)
		n += matches(&s->tape[i], src, dst, word);
	return n;
}

struct slice tape_find(const struct scene *s, const char *src, const char *dst, const char *word, size_t n)
{
	for (size_t i = 0; i < s->ntape; i++)
		if (matches(&s->tape[i], src, dst, word) && !n--)
			return rbuf_slice(s->tape[i].data);
	fail_msg("no such packet: %s", word);
	return SLICE_NULL;
}

size_t tape_rtp(const struct scene *s, const char *src, const char *dst)
{
	struct sa from = address(src), to = address(dst);
	size_t n = 0;

	for (size_t i = 0; i < s->ntape; i++) {
		struct slice d = rbuf_slice(s->tape[i].data);

		/* even ports carry RTP, odd ones RTCP */
		n += d.l > 12 && ((unsigned char)d.p[0] >> 6) == 2 && sa_port(&s->tape[i].dst) % 2 == 0 &&
		     sa_eq_addr(&from, &s->tape[i].src) && sa_eq_addr(&to, &s->tape[i].dst);
	}
	return n;
}

void weather(struct scene *s, uint16_t loss, uint16_t dup, uint16_t reorder, uint32_t delay)
{
	const struct vnet_path p = {.loss_pm = loss, .dup_pm = dup, .reorder_pm = reorder, .delay_ms = delay};

	assert_int_equal(vnet_set_path(s->net, NULL, NULL, &p), 0);
}

/* ------------------------------------------------------------------ phones typed by hand */

static void typed_recv(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct typed *t = arg;

	(void)u;
	if (t->n < ARRAY_LEN(t->got) && is_sip(rx->data) &&
	    !sip_msg_decode(&t->got[t->n], rx->data.p, rx->data.l, NULL))
		t->n++;
}

void typed_open(struct scene *s, struct typed *t, const char *addr)
{
	memset(t, 0, sizeof(*t));
	t->s = s;
	t->addr = address(addr);
	assert_int_equal(loop_alloc_virtual(&t->loop, s->net), 0);
	assert_int_equal(udp_open(&t->u, t->loop, &t->addr, NULL, typed_recv, t), 0);
}

void typed_close(struct typed *t)
{
	while (t->n)
		mem_deref(t->got[--t->n]);
	t->u = mem_deref(t->u);
	vnet_run(t->s->net, 1);
	t->loop = mem_deref(t->loop);
}

void typed_send_raw(struct typed *t, struct slice data)
{
	struct sa dst = address(sa_af(&t->addr) == AF_INET6 ? "[" SERVER6 "]:5060" : SERVER4 ":5060");

	assert_int_equal(udp_send_now(t->u, &dst, data.p, data.l), 0);
}

void typed_send(struct typed *t, const char *fmt, ...)
{
	char in[6000], out[8000];
	size_t l = 0;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(in, sizeof(in), fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n < sizeof(in));
	for (const char *p = in; *p; p++) {
		if (*p == '\n')
			out[l++] = '\r';
		out[l++] = *p;
		assert_true(l + 2 < sizeof(out));
	}
	typed_send_raw(t, slice_mem(out, l));
}

struct sip_msg *typed_last(struct typed *t)
{
	for (size_t i = t->n; i-- > 0;)
		if (!t->got[i]->req)
			return t->got[i];
	return NULL;
}

const char *typed_codes(struct typed *t)
{
	static char text[400];
	size_t l = 0;

	text[0] = 0;
	for (size_t i = 0; i < t->n && l < sizeof(text) - 8; i++)
		if (!t->got[i]->req)
			l += (size_t)snprintf(text + l, sizeof(text) - l, l ? " %u" : "%u", t->got[i]->scode);
	return text;
}
