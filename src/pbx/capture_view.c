/*
 * capture_view.c - the messages of a call, for the ladder and as a file: which dialogs it has says the live call, or
 * its record once it has ended.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "pbx/capture_priv.h"
#include "pbx/pbx_priv.h"

enum {
	MESSAGES_MAX = 1000,
	BYTES_MAX = 4 << 20 /**< text of one answer */
};

/* One question, until its answer. */
struct ask {
	struct pbx *p;
	char id[24];
	bool rtcp;
	capture_json_h *json_h;
	capture_file_h *file_h;
	void *arg;
	/* while messages are gone through */
	json_t *legs, *messages;
	struct buf file;
	size_t bytes;
	bool cut;
	int64_t epoch_us; /**< wall clock when loop's us was 0 */
};

static void ask_destroy(void *obj)
{
	struct ask *a = obj;

	json_decref(a->legs);
	json_decref(a->messages);
	buf_free(&a->file);
}

/* Ends the question. */
static void answer(struct ask *a, int err, const char *why, json_t *res)
{
	if (a->json_h)
		a->json_h(err, why, res, a->arg);
	else
		a->file_h(err, why, err ? SLICE_NULL : buf_get(&a->file), a->arg);
	json_decref(res);
	mem_deref(a);
}

/* ------------------------------------------------------------------ legs */

static json_t *text(struct slice s)
{
	char *mem;
	json_t *v;

	if (utf8_ok(s))
		return json_stringn(s.l ? s.p : "", s.l);
	mem = mem_alloc(s.l * 3 + 1, NULL);
	if (!mem)
		return json_string("");
	utf8_copy(mem, s.l * 3 + 1, s);
	v = json_string(mem);
	mem_deref(mem);
	return v;
}

static void add_leg(json_t *legs, const char *number, const char *device, const char *callid, bool outgoing)
{
	if (json_array_size(legs) < CAPTURE_LEGS)
		(void)json_array_append_new(
			legs, json_pack("{s:i, s:o, s:o, s:o, s:b, s:s}", "leg", (int)json_array_size(legs), "number",
					text(slice_str(number)), "device", text(slice_str(device)), "call_id",
					text(slice_str(callid)), "outgoing", (int)outgoing, "peer", ""));
}

static const char *member(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* As the record tells of them. */
static void legs_of_record(json_t *legs, const json_t *cdr)
{
	json_t *l;
	size_t i;

	json_array_foreach(json_object_get(cdr, "legs"), i, l)
	{
		add_leg(legs, member(l, "number"), member(l, "device"), member(l, "call_id"),
			json_is_true(json_object_get(l, "outgoing")));
	}
}

static void legs_of_call(json_t *legs, const struct call *c)
{
	static _Thread_local struct call_record r; /* some kilobytes */

	call_record_get(c, &r);
	for (size_t i = 0; i < r.nlegs; i++)
		add_leg(legs, r.leg[i].number, r.leg[i].device, r.leg[i].callid, r.leg[i].outgoing);
}

/* ------------------------------------------------------------------ messages */

static json_t *address(const struct sa *a)
{
	char addr[SA_STRLEN];

	return json_string(sa_isset(a) ? sa_str(a, addr) : "");
}

static void add_message(const struct capture_msg *m, void *arg)
{
	static const char *const transports[] = {"udp", "tcp", "tls", "ws", "wss"};
	struct ask *a = arg;
	int64_t wall = a->epoch_us + (int64_t)m->us;
	json_t *leg = json_array_get(a->legs, m->leg);
	struct slice type;
	char mem[512];
	struct buf sum;
	json_t *o;

	if (!*member(leg, "peer") && m->kind == TRACE_SIP)
		(void)json_object_set_new(leg, "peer", address(&m->peer));
	if (m->kind == TRACE_RTCP && !a->rtcp)
		return;
	if (a->bytes + m->data.l > BYTES_MAX) {
		a->cut = true;
		return;
	}
	a->bytes += m->data.l;
	buf_init_fixed(&sum, mem, sizeof(mem));
	capture_summary(&sum, m);
	(void)capture_body(m, &type);
	o = json_pack("{s:I, s:I, s:i, s:s, s:s, s:s}", "at_ms", (json_int_t)(wall / 1000), "us",
		      (json_int_t)(wall % 1000), "leg", (int)m->leg, "kind", m->kind == TRACE_SIP ? "sip" : "rtcp",
		      "direction", m->out ? "out" : "in", "transport",
		      m->transp < ARRAY_LEN(transports) ? transports[m->transp] : "");
	if (!o)
		return;
	(void)json_object_set_new(o, "from_addr", address(m->out ? &m->local : &m->peer));
	(void)json_object_set_new(o, "to_addr", address(m->out ? &m->peer : &m->local));
	(void)json_object_set_new(o, "summary", text(buf_get(&sum)));
	(void)json_object_set_new(o, "body", text(type));
	(void)json_object_set_new(o, "text", m->kind == TRACE_SIP ? text(m->data) : json_string(""));
	if (m->cut)
		(void)json_object_set_new(o, "cut", json_true());
	(void)json_array_append_new(a->messages, o);
}

static void add_packet(const struct capture_msg *m, void *arg)
{
	struct ask *a = arg;

	if (a->file.l + m->data.l > BYTES_MAX)
		a->cut = true;
	else
		pcap_add(&a->file, m, a->epoch_us + (int64_t)m->us);
}

/* The dialogs are known. `start_ms`: wall clock. */
static void tell(struct ask *a, int64_t start_ms)
{
	struct loop *loop = a->p->loop;
	struct slice id[CAPTURE_LEGS];
	size_t n = json_array_size(a->legs);

	a->epoch_us = loop_wall_ms(loop) * 1000 - (int64_t)loop_now_us(loop);
	int64_t since = start_ms * 1000 - a->epoch_us;

	for (size_t i = 0; i < n; i++)
		id[i] = slice_str(member(json_array_get(a->legs, i), "call_id"));
	if (a->file_h)
		pcap_begin(&a->file);
	bool all = capture_find(a->p->capture, id, n, since > 0 ? (uint64_t)since : 0, MESSAGES_MAX,
				a->json_h ? add_message : add_packet, a);
	if (a->file_h) {
		answer(a, buf_err(&a->file), NULL, NULL);
		return;
	}
	json_t *res = json_pack("{s:O, s:O, s:b}", "legs", a->legs, "messages", a->messages, "dropped",
				(int)(!all || a->cut));
	answer(a, res ? 0 : ENOMEM, NULL, res);
}

static void record_h(int err, const char *why, json_t *res, void *arg)
{
	struct ask *a = arg;

	if (err) {
		answer(a, err, why, NULL);
		return;
	}
	legs_of_record(a->legs, res);
	tell(a, json_integer_value(json_object_get(res, "start_ms")));
}

static void ask(struct pbx *p, struct slice id, const struct ask *how)
{
	const struct call *c = p->calls ? calls_find(p->calls, id) : NULL;
	struct ask *a = mem_zalloc(sizeof(*a), ask_destroy);

	if (!a) {
		if (how->json_h)
			how->json_h(ENOMEM, NULL, NULL, how->arg);
		else
			how->file_h(ENOMEM, NULL, SLICE_NULL, how->arg);
		return;
	}
	*a = *how;
	a->p = p;
	buf_init(&a->file);
	a->legs = json_array();
	a->messages = json_array();
	if (!a->legs || !a->messages) {
		answer(a, ENOMEM, NULL, NULL);
	} else if (!p->capture) {
		answer(a, ENOTSUP, NULL, NULL);
	} else if (!slice_copy(a->id, sizeof(a->id), id)) {
		answer(a, ENOENT, NULL, NULL);
	} else if (c) {
		legs_of_call(a->legs, c);
		tell(a, c->start_wall);
	} else {
		store_cdr_get(p->store, a->id, record_h, a);
	}
}

void pbx_call_messages(struct pbx *p, struct slice call_id, bool rtcp, capture_json_h *h, void *arg)
{
	ask(p, call_id, &(struct ask){.rtcp = rtcp, .json_h = h, .arg = arg});
}

void pbx_call_pcap(struct pbx *p, struct slice call_id, capture_file_h *h, void *arg)
{
	ask(p, call_id, &(struct ask){.rtcp = true, .file_h = h, .arg = arg});
}

/* ------------------------------------------------------------------ on and off */

int pbx_capture(struct pbx *p, uint32_t mb)
{
	return mb && !p->capture ? capture_alloc(&p->capture, p->loop, (size_t)mb << 20) : 0;
}

const struct trace_sink *pbx_trace(const struct pbx *p)
{
	return p->capture ? capture_sink(p->capture) : NULL;
}
