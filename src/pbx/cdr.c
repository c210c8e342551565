/*
 * cdr.c - call records on their way to the store: columns for searching, and the legs with codecs and quality as JSON
 * (RFC 8259).
 *
 * Every call comes by here, so the text is written straight into a buffer; what reads it again is the store.
 */
#include "base/buf_json.h"
#include "call/series.h"
#include "pbx/routed.h"

enum {
	DETAIL_MAX = 96 << 10,
	SERIES_FROM_MS = 10000, /* of shorter calls there is no curve */
	BAD_X100 = 360          /* MOS under which many are dissatisfied (G.107 annex B) */
};

static uint64_t past(int64_t ms)
{
	return ms > 0 ? (uint64_t)ms : 0;
}

static void put_quality(struct buf *b, const struct mstream_stats *q)
{
	buf_json_key(b, "quality");
	buf_char(b, '{');
	buf_json_u64(b, "received", q->rx_packets);
	buf_json_u64(b, "sent", q->tx_packets);
	buf_json_u64(b, "lost", q->rx_lost);
	buf_json_decimal(b, "jitter_ms", q->rx_jitter_us, 1000);
	buf_json_decimal(b, "rtt_ms", q->rtt_us, 1000);
	buf_json_decimal(b, "mos", q->mos_x100, 100);
	if (q->min_mos_x100)
		buf_json_decimal(b, "mos_min", q->min_mos_x100, 100);
	if (q->bad_s)
		buf_json_u64(b, "bad_seconds", q->bad_s);
	if (q->remote_lost_pm)
		buf_json_decimal(b, "far_lost_percent", q->remote_lost_pm, 10);
	if (q->far_mos_x10)
		buf_json_decimal(b, "far_mos", q->far_mos_x10, 10);
	if (q->played_ms) {
		buf_json_u64(b, "played_ms", q->played_ms);
		buf_json_u64(b, "concealed_ms", q->concealed_ms);
	}
	if (q->clipped_s)
		buf_json_u64(b, "clipped_seconds", q->clipped_s);
	if (q->rx_auth_failed)
		buf_json_u64(b, "auth_failed", q->rx_auth_failed);
	buf_char(b, '}');
}

/* One figure of each sample; one that is 0 in all of them is left out. */
static void put_curve(struct buf *b, const char *name, const struct leg_series *x,
		      uint32_t (*of)(const struct leg_sample *), uint32_t per)
{
	bool any = false;

	for (uint16_t i = 0; i < x->n; i++)
		any |= of(&x->v[i]) != 0;
	if (!any)
		return;
	buf_json_key(b, name);
	buf_char(b, '[');
	for (uint16_t i = 0; i < x->n; i++) {
		uint32_t v = of(&x->v[i]);

		if (i)
			buf_char(b, ',');
		buf_u64(b, v / per);
		if (v % per)
			buf_printf(b, ".%u", (unsigned)(v % per));
	}
	buf_char(b, ']');
}

static uint32_t mos_of(const struct leg_sample *s)
{
	return (s->mos_x50 + 2U) / 5;
}

static uint32_t lost_of(const struct leg_sample *s)
{
	return s->lost_pm;
}

static uint32_t jitter_of(const struct leg_sample *s)
{
	return (s->jitter_100us + 5U) / 10;
}

static uint32_t buffer_of(const struct leg_sample *s)
{
	return s->buffer_2ms * 2U;
}

static uint32_t rtt_of(const struct leg_sample *s)
{
	return s->rtt_ms;
}

void cdr_series(struct buf *b, const struct leg_series *x)
{
	buf_json_key(b, "series");
	buf_char(b, '{');
	buf_json_u64(b, "start_ms", past(x->start_ms));
	buf_json_u64(b, "every_ms", x->step_ms);
	buf_json_u64(b, "n", x->n);
	put_curve(b, "mos", x, mos_of, 10);
	put_curve(b, "lost_percent", x, lost_of, 10);
	put_curve(b, "jitter_ms", x, jitter_of, 1);
	put_curve(b, "buffer_ms", x, buffer_of, 1);
	put_curve(b, "rtt_ms", x, rtt_of, 1);
	buf_char(b, '}');
}

static void put_leg(struct buf *b, const struct leg_record *l, bool series)
{
	buf_json_comma(b);
	buf_char(b, '{');
	buf_json_str(b, "number", l->number);
	buf_json_str(b, "name", l->name);
	buf_json_str(b, "device", l->device);
	buf_json_bool(b, "outgoing", l->outgoing);
	if (l->hidden)
		buf_json_bool(b, "hidden", true);
	buf_json_str(b, "call_id", l->callid);
	buf_json_u64(b, "code", l->code);
	buf_json_u64(b, "start_ms", past(l->start_ms));
	buf_json_u64(b, "answer_ms", past(l->answer_ms));
	buf_json_u64(b, "end_ms", past(l->end_ms));
	buf_json_str(b, "codec", l->codec);
	if (l->has_q)
		put_quality(b, &l->q);
	if (l->trunk[0])
		buf_json_str(b, "trunk", l->trunk);
	if (l->verdict[0])
		buf_json_str(b, "verdict", l->verdict);
	if (series && l->series)
		cdr_series(b, l->series);
	buf_char(b, '}');
}

static void put_moves(struct buf *b, const struct call_record *r)
{
	buf_json_key(b, "transfers");
	buf_char(b, '[');
	for (size_t i = 0; i < r->nmoves; i++) {
		const struct move_record *m = &r->move[i];

		buf_json_comma(b);
		buf_char(b, '{');
		buf_json_str(b, "how", m->how);
		buf_json_str(b, "by", m->by);
		buf_json_str(b, "to", m->to);
		buf_json_u64(b, "at_ms", past(m->at_ms));
		buf_json_u64(b, "code", m->code);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static void put_files(struct buf *b, const struct call_record *r)
{
	buf_json_key(b, "recordings");
	buf_char(b, '[');
	for (size_t i = 0; i < r->nfiles; i++) {
		const struct file_record *f = &r->file[i];

		buf_json_comma(b);
		buf_char(b, '{');
		buf_json_str(b, "file", f->file);
		buf_json_u64(b, "start_ms", past(f->start_ms));
		buf_json_u64(b, "ms", f->ms);
		buf_json_u64(b, "lost", f->lost);
		buf_json_u64(b, "paused_ms", f->paused_ms);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

void cdr_detail(struct buf *b, const struct call_record *r)
{
	buf_char(b, '{');
	buf_json_str(b, "from_name", r->from_name);
	buf_json_u64(b, "duration_ms", r->duration_ms);
	buf_json_u64(b, "talk_ms", r->talk_ms);
	buf_json_str(b, "ended_by", r->ended_by);
	if (r->diverted[0])
		buf_json_str(b, "diverted", r->diverted);
	if (r->nmoves)
		put_moves(b, r);
	if (r->nfiles)
		put_files(b, r);
	buf_json_key(b, "legs");
	buf_char(b, '[');
	for (size_t i = 0; i < r->nlegs; i++)
		put_leg(b, &r->leg[i], r->talk_ms > SERIES_FROM_MS);
	buf_str(b, "]}");
}

/* For the counts by the hour: where it came from or went, and how it sounded. */
static void count(struct cdr_row *row, const struct call_record *r, const char *tried)
{
	row->talk_ms = r->talk_ms;
	row->trunk = slice_str(tried);
	for (size_t i = 0; i < r->nlegs; i++) {
		const struct leg_record *l = &r->leg[i];

		if (l->trunk[0] && (!l->outgoing || !row->trunk.l))
			row->trunk = slice_str(l->trunk);
		if (l->trunk[0] && !l->outgoing && i == 0)
			row->direction = CDR_IN;
		if (l->has_q && l->q.mos_x100) {
			row->mos_sum += l->q.mos_x100;
			row->mos_n++;
			row->bad |= l->q.mos_x100 < BAD_X100;
		}
		row->bad |= l->verdict[0] != '\0';
	}
	if (row->direction == CDR_INTERNAL && row->trunk.l)
		row->direction = CDR_OUT;
}

void cdr_record(enum record_phase phase, const struct call_record *r, void *arg)
{
	struct pbx *p = arg;
	struct cdr_row row = {
		.id = slice_str(r->id),
		.from = slice_str(r->from),
		.to = slice_str(r->to),
		.from_name = slice_str(r->from_name),
		.answered_by = slice_str(r->answered_by),
		.outcome = slice_str(r->outcome),
		.reason = slice_str(r->words),
		.start_ms = r->start_ms,
		.answer_ms = r->answer_ms,
		.end_ms = r->end_ms,
		.code = r->code,
	};
	/* eight legs with every character escaped need less; the loop's thread alone comes here */
	static char text[DETAIL_MAX];
	char trunk[PLAN_NAME];
	struct buf b;

	buf_init_fixed(&b, text, sizeof(text));
	if (phase == RECORD_CLOSE) {
		cdr_detail(&b, r);
		count(&row, r, routed_trunk(p, r->id, trunk));
		routed_detail(p, r->id, &b);
	}
	row.detail = buf_err(&b) ? SLICE_NULL : buf_get(&b);
	store_cdr(p->store, &row, phase == RECORD_CLOSE);
}
