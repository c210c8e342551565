/*
 * ctrans_other.c - the non-INVITE client transaction (RFC 3261 17.1.2, figure 6).
 *
 *	Trying -1xx-> Proceeding;  Trying, Proceeding -final-> Completed -K-> end;  -F-> end with ETIMEDOUT
 *
 * Timers: E the request again (T1 doubling up to T2, T2 once provisionally answered, not on streams),
 * F no answer (64*T1), K absorb repeated answers (T4; 0 on streams).
 */
#include "base/log.h"
#include "sip/sip_priv.h"

enum state { TRYING, PROCEEDING, COMPLETED };

static const char *const names[] = {"trying", "proceeding", "completed"};

const char *sip_nc_state(const struct sip_ctrans *ct)
{
	return names[ct->state];
}

static void set_state(struct sip_ctrans *ct, enum state state)
{
	log_debug("sip", "client %s: %s -> %s (%u)", ct->branch, names[ct->state], names[state], ct->scode);
	ct->state = (uint8_t)state;
}

static void on_timer(void *arg);

/* Timer E, or F when it comes first. */
static void start_e(struct sip_ctrans *ct)
{
	uint64_t now = loop_now_ms(ct->sip->loop), left = ct->due > now ? ct->due - now : 0;

	timer_start(&ct->tmr, ct->sip->loop, !ct->reliable && ct->interval < left ? ct->interval : left, on_timer, ct);
}

void sip_nc_start(struct sip_ctrans *ct)
{
	ct->interval = ct->sip->t1;
	ct->due = loop_now_ms(ct->sip->loop) + 64ULL * ct->sip->t1;
	start_e(ct);
}

static void timer_e(struct sip_ctrans *ct)
{
	struct sip *s = ct->sip;
	int err;

	s->st.retrans_tx++;
	ct->interval = ct->state == PROCEEDING || ct->interval * 2 > s->t2 ? s->t2 : ct->interval * 2;
	err = sip_ctrans_send(ct, ct->req);
	if (err) /* as good as lost on the way: the next one may get through */
		log_debug("sip", "%s not sent again: %s", ct->branch, err_str(err));
	start_e(ct);
}

static void on_timer(void *arg)
{
	struct sip_ctrans *ct = arg;

	if (ct->state == COMPLETED)
		sip_ctrans_end(ct, 0); /* timer K */
	else if (loop_now_ms(ct->sip->loop) >= ct->due)
		sip_ctrans_end(ct, ETIMEDOUT); /* timer F */
	else
		timer_e(ct);
}

static void completed(struct sip_ctrans *ct)
{
	set_state(ct, COMPLETED);
	ct->req = mem_deref(ct->req);
	timer_start(&ct->tmr, ct->sip->loop, ct->reliable ? 0 : sip_rest_ms(ct->sip, ct->sip->t4), on_timer, ct);
}

void sip_nc_response(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	if (ct->state == COMPLETED)
		return;
	ct->scode = rsp->scode;
	if (rsp->scode >= 200)
		completed(ct);
	else if (ct->state == TRYING)
		set_state(ct, PROCEEDING);
	sip_ctrans_tell(ct, rsp);
}

void sip_nc_broken(struct sip_ctrans *ct, int err)
{
	if (ct->state != COMPLETED)
		sip_ctrans_end(ct, err);
}
