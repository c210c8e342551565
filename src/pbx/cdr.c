/*
 * cdr.c - call records on their way to the store: columns for searching, and the legs with codecs and quality as JSON.
 */
#include <stdlib.h>
#include "pbx/pbx_priv.h"

static json_t *quality_json(const struct mstream_stats *q)
{
	return json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "received", (json_int_t)q->rx_packets, "sent",
			 (json_int_t)q->tx_packets, "lost", (json_int_t)q->rx_lost, "jitter_ms", q->rx_jitter_us / 1000.0,
			 "rtt_ms", q->rtt_us / 1000.0, "mos", q->mos_x100 / 100.0);
}

static json_t *leg_json(const struct leg_record *l)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:s, s:i, s:I, s:I, s:I, s:s}", "number", l->number, "name", l->name,
			      "device", l->device, "outgoing", l->outgoing, "call_id", l->callid, "code", l->code, "start_ms",
			      (json_int_t)l->start_ms, "answer_ms", (json_int_t)l->answer_ms, "end_ms",
			      (json_int_t)l->end_ms, "codec", l->codec);

	if (o && l->has_q)
		json_object_set_new(o, "quality", quality_json(&l->q));
	return o;
}

static char *detail_text(const struct call_record *r)
{
	json_t *legs = json_array(), *o;
	char *text;

	for (size_t i = 0; legs && i < r->nlegs; i++)
		json_array_append_new(legs, leg_json(&r->leg[i]));
	o = json_pack("{s:s, s:i, s:i, s:s, s:o}", "from_name", r->from_name, "duration_ms", (int)r->duration_ms, "talk_ms",
		      (int)r->talk_ms, "ended_by", r->ended_by, "legs", legs);
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return text;
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
	char *detail = phase == RECORD_CLOSE ? detail_text(r) : NULL;

	row.detail = slice_str(detail);
	store_cdr(p->store, &row, phase == RECORD_CLOSE);
	free(detail);
}
