/*
 * rfc4475_server.c - the 49 torture messages of RFC 4475 section 3, each sent to a complete server: the answer it must
 * get, and the server goes on. Each is a test of its own name, see main.c.
 */
#include "rfc4475.h"
#include "scenario.h"

static struct slice load(const char *path)
{
	static char text[SIP_MSG_MAX];
	FILE *f = fopen(path, "rb");

	if (!f)
		fail_msg("%s is missing: run from the root of the tree", path);
	size_t n = fread(text, 1, sizeof(text), f);
	assert_int_equal(fclose(f), 0);
	return slice_mem(text, n);
}

/* Answers go where the Via says, whatever address that is: the network shows them. */
struct answers {
	uint16_t last;
	size_t n;
};

static bool watch(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	struct answers *v = arg;
	struct sa server = address(SERVER4);

	(void)dst;
	if (sa_eq_addr(src, &server) && slice_starts(data, SLICE("SIP/2.0 "))) {
		v->n++;
		v->last = (uint16_t)atoi(data.p + 8);
	}
	return true;
}

static bool right(const struct rfc4475 *t, uint16_t code)
{
	if (!t->scode && code >= 200 && code != 400 && code < 500)
		return true;
	if (t->scode && code == t->scode)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(t->also) && t->also[i]; i++)
		if (code == t->also[i])
			return true;
	return false;
}

static void ask_options(struct scene *s, struct typed *t)
{
	size_t n = t->n;

	typed_send(t, "OPTIONS sip:" SERVER4 " SIP/2.0\n"
		      "Via: SIP/2.0/UDP 10.0.0.50:5060;branch=z9hG4bKafter\n"
		      "Max-Forwards: 70\n"
		      "From: <sip:x@10.0.0.50>;tag=o\n"
		      "To: <sip:" SERVER4 ">\n"
		      "Call-ID: after\n"
		      "CSeq: 1 OPTIONS\n"
		      "Content-Length: 0\n\n");
	scene_run(s, 50);
	assert_true(t->n > n);
	assert_int_equal(typed_last(t)->scode, 200);
}

static void rfc4475_message(struct scene *s, const char *name)
{
	const struct rfc4475 *m = NULL;
	struct answers v = {0};
	struct typed t;

	for (size_t i = 0; i < RFC4475_COUNT; i++)
		if (!strcmp(rfc4475[i].name, name))
			m = &rfc4475[i];
	assert_non_null(m);
	typed_open(s, &t, "10.0.0.50:5060");
	vnet_set_filter(s->net, watch, &v);
	typed_send_raw(&t, load(m->file));
	scene_run(s, 200);
	if (!m->is_request || m->parse == RFC4475_DROP) {
		assert_int_equal(v.n, 0);
	} else {
		assert_true(v.n > 0);
		if (!right(m, v.last))
			fail_msg("%s: %u", m->name, v.last);
	}
	vnet_set_filter(s->net, NULL, NULL);
	ask_options(s, &t);
	typed_close(&t);
}

#define TEST(name)                                                                                                     \
	void rfc4475_##name(void **state)                                                                              \
	{                                                                                                              \
		rfc4475_message(*state, #name);                                                                        \
	}
#define DECLARE(name) void rfc4475_##name(void **state);
RFC4475_NAMES(DECLARE)
RFC4475_NAMES(TEST)
