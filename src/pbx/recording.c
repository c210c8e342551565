/*
 * recording.c - recordings of calls and conferences: begun by what is set for an extension, by *1 or by the
 * administrator; their rows in the store, and what happens when the disk is full.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "call/recording.h"
#include "call/room.h"
#include "pbx/recording.h"

enum {
	STAR_MS = 3000, /* between the keys of *1 */
	NAME_MAX_CHARS = 32,
	PER_CALL = 99, /* recordings of one call */
	ROOM_ID = 12,  /* letters in the id of a conference's */
};

enum record_when record_when(struct slice s)
{
	return slice_eqs(s, "always") ? RECORD_ALWAYS : slice_eqs(s, "on_demand") ? RECORD_ON_DEMAND : RECORD_NEVER;
}

size_t record_count(const struct pbx *p)
{
	return p->records ? p->records->open.n : 0;
}

/* ------------------------------------------------------------------ rows */

static void put_row(const struct record_note *n, const struct recording_info *i, const char *state)
{
	struct recording_row row = {
		.id = slice_str(n->id),
		.call_id = slice_str(n->call_id),
		.state = slice_str(state),
		.file = slice_str(i->file),
		.from = slice_str(n->from),
		.to = slice_str(n->to),
		.start_ms = n->start_ms,
		.ms = (int64_t)i->ms,
		.bytes = (int64_t)i->bytes,
		.lost = (int64_t)i->lost,
		.paused_ms = (int64_t)i->paused_ms,
	};

	store_recording(n->pbx->store, &row);
	event_recording(n, i, state);
}

static void failed_h(struct recording *r, int err, void *arg)
{
	struct record_note *n = arg;
	char line[160];

	(void)r;
	(void)snprintf(line, sizeof(line), "Calls cannot be recorded: %s.", err_str(err));
	pbx_alarm_raise(n->pbx, "recording", "critical", line,
			err == ENOSPC || err == EDQUOT
				? "Make room: offhook recordings remove, or settings set --record-days; calls go on."
				: "Check the folder recordings/ in the data directory; calls go on.");
	record_watch(n->pbx);
}

static void ended_h(struct recording *r, const struct recording_info *i, void *arg)
{
	struct record_note *n = arg;
	struct pbx *p = n->pbx;

	(void)r;
	put_row(n, i, i->err ? "failed" : "complete");
	log_info("pbx", "%s: recording %s ended: %llu s", *n->call_id ? n->call_id : n->to, i->file,
		 (unsigned long long)i->ms / 1000);
	if (i->lost)
		log_warn("pbx", "%s: %llu bytes of sound are missing in %s", *n->call_id ? n->call_id : n->to,
			 (unsigned long long)i->lost, i->file);
	/* it can be written again */
	if (!i->err && !p->records->low)
		pbx_alarm_clear(p, "recording");
	list_unlink(&n->le);
	mem_deref(n);
}

static const struct recording_ops ops = {failed_h, ended_h};

/* ------------------------------------------------------------------ begin and end */

/* Letters and digits of a number; nothing else gets into the name of a file. */
static void safe(char *dst, const char *s)
{
	size_t n = 0;

	for (; *s && n < NAME_MAX_CHARS; s++) {
		bool ok = (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '+';
		dst[n++] = ok ? *s : '_';
	}
	dst[n] = '\0';
}

/* "recordings/2026/01/31/c7k2m9...-100-101": a call's; of a conference "recordings/2026/01/31/800-k2m9..." */
static void file_name(char *dst, size_t size, const struct record_note *n, unsigned nr)
{
	char from[NAME_MAX_CHARS + 1], to[NAME_MAX_CHARS + 1], day[32] = "";
	time_t t = (time_t)(n->start_ms / 1000);
	struct tm tm;

	safe(from, n->from);
	safe(to, n->to);
	if (localtime_r(&t, &tm))
		(void)strftime(day, sizeof(day), "%Y/%m/%d", &tm);
	if (!nr)
		(void)snprintf(dst, size, "recordings/%s/%s", day, n->id);
	else if (nr > 1)
		(void)snprintf(dst, size, "recordings/%s/%s-%s-%s-%u", day, n->call_id, from, to, nr);
	else
		(void)snprintf(dst, size, "recordings/%s/%s-%s-%s", day, n->call_id, from, to);
}

static int note_new(struct record_note **np, struct pbx *p)
{
	struct record_note *n = p->records ? mem_zalloc(sizeof(*n), NULL) : NULL;

	if (!n)
		return ENOMEM;
	if (!p->records->files) {
		mem_deref(n);
		return ERR_STATE;
	}
	n->pbx = p;
	n->start_ms = loop_wall_ms(p->loop);
	*np = n;
	return 0;
}

static struct recording_cfg config(const struct pbx *p, const char *file)
{
	return (struct recording_cfg){.files = p->records->files,
				      .dir = store_dir(p->store),
				      .file = file,
				      .opus = p->settings.record_opus,
				      .stereo = p->settings.record_stereo};
}

/* It goes on: its row, and an eye on the disk. */
static void noted(struct record_note *n)
{
	struct recording_info i;

	list_append(&n->pbx->records->open, &n->le);
	recording_info(n->rec, &i);
	put_row(n, &i, "recording");
	record_watch(n->pbx);
}

static int begin(struct pbx *p, struct call *c, struct leg *l)
{
	struct pbx_call *pc = routed_owner(p, c);
	struct record_note *n = NULL;
	char file[220];
	int err = pc ? note_new(&n, p) : ENOMEM;

	if (err)
		return err;
	const struct recording_cfg cfg = config(p, file);
	(void)slice_copy(n->call_id, sizeof(n->call_id), slice_str(c->id));
	(void)slice_copy(n->from, sizeof(n->from), slice_str(c->a ? c->a->party.number : ""));
	n->from_ours = c->a && !c->a->trunk;
	(void)slice_copy(n->to, sizeof(n->to), call_shown(c->dialled));
	(void)snprintf(n->id, sizeof(n->id), "%s-%u", c->id, pc->recordings + 1U);
	file_name(file, sizeof(file), n, pc->recordings + 1U);
	err = p->records->low              ? ENOSPC
	      : pc->recordings >= PER_CALL ? ERR_LIMIT
					   : call_record_start(&n->rec, c, l, &cfg, &ops, n);
	if (err) {
		mem_deref(n);
		return err;
	}
	pc->recordings++;
	noted(n);
	event_call(c, pc);
	return 0;
}

int record_room(struct pbx *p, struct room *r, const char *number, struct recording **rp)
{
	struct record_note *n;
	char file[220];
	int err = note_new(&n, p);

	if (err)
		return err;
	const struct recording_cfg cfg = config(p, file);
	(void)slice_copy(n->to, sizeof(n->to), slice_str(number));
	(void)snprintf(n->id, sizeof(n->id), "%.31s-", number);
	rand_text(n->id + strlen(n->id), ROOM_ID);
	file_name(file, sizeof(file), n, 0);
	err = p->records->low ? ENOSPC : room_record_start(&n->rec, r, &cfg, &ops, n);
	if (err) {
		mem_deref(n);
		return err;
	}
	*rp = n->rec;
	noted(n);
	return 0;
}

/* The leg of an extension that takes part. */
static struct leg *leg_of(const struct call *c, const struct extension *e)
{
	LIST_EACH (&c->legs, k) {
		struct leg *l = LINK_OBJ(k, struct leg, le);

		if (l->answer_ms && l->state != LEG_ENDED && !l->trunk && !strcmp(l->party.number, e->number))
			return l;
	}
	return NULL;
}

void record_policy(struct call *c, struct pbx_call *pc)
{
	struct pbx *p = pc->pbx;

	/* once for each call: who ends it by hand means it */
	if (c->state != CALL_UP || pc->recordings || !p->records)
		return;
	LIST_EACH (&pc->held, k) {
		const struct held *h = LINK_OBJ(k, struct held, le);
		struct leg *l = h->ext && h->ext->record == RECORD_ALWAYS ? leg_of(c, h->ext) : NULL;
		int err = l ? begin(p, c, l) : 0;

		if (err)
			log_error("pbx", "%s is not recorded: %s", c->id, err_str(err));
		if (l && err)
			pc->recordings++;
		if (l)
			return;
	}
}

void record_dtmf(struct call *c, struct leg *from, char digit, uint32_t ms, void *arg)
{
	struct pbx *p = arg;
	struct pbx_call *pc = c->owner;
	const struct extension *e = from->trunk ? NULL : extension_find(p, slice_str(from->party.number));
	uint64_t now = loop_now_ms(p->loop);
	bool second;

	(void)ms;
	if (!pc || !e || e->record != RECORD_ON_DEMAND)
		return;
	second = digit == '1' && pc->star == from && now < pc->star_ms + STAR_MS;
	pc->star = digit == '*' ? from : NULL;
	pc->star_ms = now;
	if (!second)
		return;
	struct recording *r = call_recording(c);
	int err = 0;
	if (r)
		recording_stop(r);
	else
		err = begin(p, c, from);
	log_info("pbx", "%s: %s pressed *1: recording %s", c->id, e->number,
		 err ? err_str(err)
		 : r ? "ends"
		     : "begins");
}

static int order(struct pbx *p, struct call *c, enum pbx_record_op op, struct buf *why)
{
	struct recording *r = call_recording(c);
	int err = 0;

	if (op == PBX_RECORD_START) {
		struct leg *l = c->a && c->a->state != LEG_ENDED ? c->a : c->b;

		err = r ? EALREADY : c->state != CALL_UP || !l ? ERR_STATE : begin(p, c, l);
		if (err)
			buf_printf(why, "Call %s cannot be recorded: %s.", c->id,
				   err == EALREADY    ? "it is being recorded already"
				   : err == ERR_STATE ? "it is not answered"
						      : err_str(err));
		return err;
	}
	if (!r) {
		buf_printf(why, "Call %s is not being recorded.", c->id);
		return ERR_STATE;
	}
	if (op == PBX_RECORD_STOP)
		recording_stop(r);
	else
		recording_pause(r, op == PBX_RECORD_PAUSE);
	event_call(c, c->owner);
	return 0;
}

int pbx_record(struct pbx *p, struct slice call_id, enum pbx_record_op op, const char *who, struct buf *why)
{
	static const char *const words[] = {"begun", "ended", "paused", "resumed"};
	struct call *c = p->calls ? calls_find(p->calls, call_id) : NULL;

	if (!c)
		return ENOENT;
	int err = order(p, c, op, why);
	if (!err)
		log_info("pbx", "%s: recording %s by %s", c->id, words[op], who);
	return err;
}

/* ------------------------------------------------------------------ all of it */

static void records_destroy(void *obj)
{
	struct records *r = obj;

	timer_stop(&r->watch);
	timer_stop(&r->daily);
	LIST_EACH (&r->open, k) {
		list_unlink(k);
		mem_deref(LINK_OBJ(k, struct record_note, le));
	}
}

int pbx_set_files(struct pbx *p, struct files *f)
{
	int err = disk_watch(p, f);

	if (err)
		return err;
	if (!f) {
		if (p->records) {
			p->records->files = NULL;
			timer_stop(&p->records->watch);
			timer_stop(&p->records->daily);
		}
		return 0;
	}
	p->records = mem_zalloc(sizeof(*p->records), records_destroy);
	if (!p->records)
		return ENOMEM;
	p->records->pbx = p;
	p->records->files = f;
	record_keep_start(p);
	return 0;
}

void record_flush(struct pbx *p)
{
	p->records = mem_deref(p->records);
}
