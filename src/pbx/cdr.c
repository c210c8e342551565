/*
 * cdr.c - call records on their way to the store: columns for searching, and the legs with codecs and quality as JSON
 * (RFC 8259).
 *
 * Every call comes by here, so the text is written straight into a buffer; what reads it again is the store.
 */
#include "pbx/routed.h"

enum { DETAIL_MAX = 64 << 10 };

/* Bytes of the character of UTF-8 (RFC 3629) at `p`, 0 if there is none. */
static size_t utf8_len(const unsigned char *p, size_t l)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (n > l || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Bytes that stand for themselves, as almost all do. */
static size_t plain_len(const unsigned char *p, size_t l)
{
	size_t n = 0;

	while (n < l && p[n] >= ' ' && p[n] < 0x80 && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
}

/* Neither control characters nor what the phones call UTF-8 and is not may spoil the record. */
static void put_text(struct buf *b, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	struct slice s = slice_str(text);

	buf_char(b, '"');
	for (size_t i = 0; i < s.l;) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t n = plain_len(p, s.l - i);

		if (n) {
			buf_mem(b, p, n);
			i += n;
			continue;
		}
		n = utf8_len(p, s.l - i);
		if (!n) {
			buf_str(b, "\xef\xbf\xbd");
		} else if (*p < ' ') {
			buf_str(b, "\\u00");
			buf_char(b, hex[*p >> 4]);
			buf_char(b, hex[*p & 15]);
		} else {
			if (*p == '"' || *p == '\\')
				buf_char(b, '\\');
			buf_mem(b, p, n);
		}
		i += n ? n : 1;
	}
	buf_char(b, '"');
}

void cdr_text(struct buf *b, const char *text)
{
	put_text(b, text);
}

/* `units` parts of which `scale` (a power of ten) make one, with all decimals. */
static void put_decimal(struct buf *b, uint32_t units, uint32_t scale)
{
	buf_u64(b, units / scale);
	buf_char(b, '.');
	for (scale /= 10; scale; scale /= 10)
		buf_char(b, (char)('0' + units / scale % 10));
}

static void put_time(struct buf *b, int64_t ms)
{
	buf_u64(b, ms > 0 ? (uint64_t)ms : 0);
}

static void put_quality(struct buf *b, const struct mstream_stats *q)
{
	buf_str(b, ",\"quality\":{\"received\":");
	buf_u64(b, q->rx_packets);
	buf_str(b, ",\"sent\":");
	buf_u64(b, q->tx_packets);
	buf_str(b, ",\"lost\":");
	buf_u64(b, q->rx_lost);
	buf_str(b, ",\"jitter_ms\":");
	put_decimal(b, q->rx_jitter_us, 1000);
	buf_str(b, ",\"rtt_ms\":");
	put_decimal(b, q->rtt_us, 1000);
	buf_str(b, ",\"mos\":");
	put_decimal(b, q->mos_x100, 100);
	buf_char(b, '}');
}

static void put_leg(struct buf *b, const struct leg_record *l)
{
	buf_str(b, "{\"number\":");
	put_text(b, l->number);
	buf_str(b, ",\"name\":");
	put_text(b, l->name);
	buf_str(b, ",\"device\":");
	put_text(b, l->device);
	buf_str(b, l->outgoing ? ",\"outgoing\":true" : ",\"outgoing\":false");
	if (l->hidden)
		buf_str(b, ",\"hidden\":true");
	buf_str(b, ",\"call_id\":");
	put_text(b, l->callid);
	buf_str(b, ",\"code\":");
	buf_u64(b, l->code);
	buf_str(b, ",\"start_ms\":");
	put_time(b, l->start_ms);
	buf_str(b, ",\"answer_ms\":");
	put_time(b, l->answer_ms);
	buf_str(b, ",\"end_ms\":");
	put_time(b, l->end_ms);
	buf_str(b, ",\"codec\":");
	put_text(b, l->codec);
	if (l->has_q)
		put_quality(b, &l->q);
	buf_char(b, '}');
}

static void put_moves(struct buf *b, const struct call_record *r)
{
	buf_str(b, ",\"transfers\":[");
	for (size_t i = 0; i < r->nmoves; i++) {
		const struct move_record *m = &r->move[i];

		buf_printf(b, "%s{\"how\":\"%s\",\"by\":", i ? "," : "", m->how);
		put_text(b, m->by);
		buf_str(b, ",\"to\":");
		put_text(b, m->to);
		buf_str(b, ",\"at_ms\":");
		put_time(b, m->at_ms);
		buf_str(b, ",\"code\":");
		buf_u64(b, m->code);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

void cdr_detail(struct buf *b, const struct call_record *r)
{
	buf_str(b, "{\"from_name\":");
	put_text(b, r->from_name);
	buf_str(b, ",\"duration_ms\":");
	buf_u64(b, r->duration_ms);
	buf_str(b, ",\"talk_ms\":");
	buf_u64(b, r->talk_ms);
	buf_str(b, ",\"ended_by\":");
	put_text(b, r->ended_by);
	if (r->diverted[0]) {
		buf_str(b, ",\"diverted\":");
		put_text(b, r->diverted);
	}
	if (r->nmoves)
		put_moves(b, r);
	buf_str(b, ",\"legs\":[");
	for (size_t i = 0; i < r->nlegs; i++) {
		if (i)
			buf_char(b, ',');
		put_leg(b, &r->leg[i]);
	}
	buf_str(b, "]}");
}

void cdr_record(enum record_phase phase, const struct call_record *r, void *arg)
{
	struct pbx *p = arg;
	struct cdr_row row = {
		.id = slice_str(r->id),
		.from = slice_str(r->from),
		.to = slice_str(r->to),
		.answered_by = slice_str(r->answered_by),
		.outcome = slice_str(r->outcome),
		.reason = slice_str(r->words),
		.start_ms = r->start_ms,
		.answer_ms = r->answer_ms,
		.end_ms = r->end_ms,
		.code = r->code,
	};
	/* eight legs with every character escaped need less */
	static _Thread_local char text[DETAIL_MAX];
	struct buf b;

	buf_init_fixed(&b, text, sizeof(text));
	if (phase == RECORD_CLOSE) {
		cdr_detail(&b, r);
		routed_detail(p, r->id, &b);
	}
	row.detail = buf_err(&b) ? SLICE_NULL : buf_get(&b);
	store_cdr(p->store, &row, phase == RECORD_CLOSE);
}
