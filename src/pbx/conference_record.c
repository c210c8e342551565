/*
 * conference_record.c - meetings that are recorded: always, by *1 of an admin, by the administrator. All who talk hear
 * that it begins and ends, and who comes later is told at the door (conference_run.c).
 */
#include "base/log.h"
#include "call/recording.h"
#include "pbx/conference_priv.h"

/* Nobody has to hear the first one wait in silence. */
enum { TALKERS_MIN = 2 };

bool conference_recorded(const struct conference *f)
{
	return f->room && room_recording(f->room);
}

static int begin(struct conference *f)
{
	struct recording *r;
	int err = record_room(f->pbx, f->room, f->number, &r);

	f->recorded = true;
	if (!err)
		log_info("pbx", "conference %s is recorded", f->number);
	return err;
}

void conference_record_policy(struct conference *f)
{
	int err;

	/* once for each meeting: who ends it by hand means it */
	if (f->record != RECORD_ALWAYS || f->recorded || !f->pbx || !f->room || room_count(f->room) < TALKERS_MIN)
		return;
	if (room_recording(f->room))
		return;
	err = begin(f);
	if (err)
		log_error("pbx", "conference %s is not recorded: %s", f->number, err_str(err));
}

/* Everybody in it hears of it. */
static int order(struct conference *f, enum pbx_record_op op)
{
	struct recording *r = f->room ? room_recording(f->room) : NULL;
	int err;

	if (op == PBX_RECORD_START) {
		err = !f->room || !room_count(f->room) ? ERR_STATE : r ? EALREADY : begin(f);
		if (!err)
			room_announce(f->room, "conf-now-recording");
		return err;
	}
	if (!r)
		return ERR_STATE;
	if (op == PBX_RECORD_STOP)
		recording_stop(r);
	else
		recording_pause(r, op == PBX_RECORD_PAUSE);
	room_announce(f->room, op == PBX_RECORD_RESUME ? "conf-now-recording" : NULL);
	return 0;
}

void conference_record_key(struct seat *s)
{
	struct conference *f = s->f;
	bool on = conference_recorded(f);
	int err;

	if (f->record != RECORD_ON_DEMAND || !f->pbx || (*f->admin_pin && !s->admin))
		return;
	err = order(f, on ? PBX_RECORD_STOP : PBX_RECORD_START);
	log_info("pbx", "%s: %s pressed *1 in conference %s: recording %s", s->leg->call->id, s->leg->party.number,
		 f->number,
		 err  ? err_str(err)
		 : on ? "ends"
		      : "begins");
}

int pbx_conference_record(struct pbx *p, struct slice number, enum pbx_record_op op, const char *who, struct buf *why)
{
	static const char *const words[] = {"begun", "ended", "paused", "resumed"};
	struct conference *f = conference_find(p, number);
	int err;

	if (!f)
		return ENOENT;
	err = order(f, op);
	if (!err)
		log_info("pbx", "conference %s: recording %s by %s", f->number, words[op], who);
	else if (op == PBX_RECORD_START)
		buf_printf(why, "Conference %s cannot be recorded: %s.", f->number,
			   err == EALREADY    ? "it is already"
			   : err == ERR_STATE ? "nobody is in it"
					      : err_str(err));
	else
		buf_printf(why, "Conference %s is not being recorded.", f->number);
	return err;
}
