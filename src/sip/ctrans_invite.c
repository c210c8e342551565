/*
 * ctrans_invite.c - the INVITE client transaction (RFC 3261 17.1.1, figure 5; RFC 6026 7.2) and its CANCEL (9.1).
 *
 *	Calling -1xx-> Proceeding;  Calling, Proceeding -2xx-> Accepted -M-> end
 *	Calling, Proceeding -300..699-> Completed -D-> end;  Calling -B-> end with ETIMEDOUT
 *
 * Timers: A the INVITE again (T1, doubling, not on streams), B no answer (64*T1), D repeat the ACK to
 * repeated answers (64*T1, 32 s by default; 0 on streams), M hand further 2xx to the user (64*T1).
 */
#include "base/log.h"
#include "sip/sip_priv.h"

enum state { CALLING, PROCEEDING, COMPLETED, ACCEPTED };

static const char *const names[] = {"calling", "proceeding", "completed", "accepted"};

const char *sip_ic_state(const struct sip_ctrans *ct)
{
	return names[ct->state];
}

bool sip_ic_provisional(const struct sip_ctrans *ct)
{
	return ct->state == PROCEEDING;
}

static void set_state(struct sip_ctrans *ct, enum state state)
{
	log_debug("sip", "invite client %s: %s -> %s (%u)", ct->branch, names[ct->state], names[state], ct->scode);
	ct->state = (uint8_t)state;
}

static void on_timer(void *arg);

static void start(struct sip_ctrans *ct, uint64_t ms)
{
	timer_start(&ct->tmr, ct->sip->loop, ms, on_timer, ct);
}

/* Timer A, or B when it comes first. */
static void start_a(struct sip_ctrans *ct)
{
	uint64_t now = loop_now_ms(ct->sip->loop), left = ct->due > now ? ct->due - now : 0;

	start(ct, !ct->reliable && ct->interval < left ? ct->interval : left);
}

void sip_ic_start(struct sip_ctrans *ct)
{
	ct->interval = ct->sip->t1;
	ct->due = loop_now_ms(ct->sip->loop) + 64ULL * ct->sip->t1;
	start_a(ct);
}

static void timer_a(struct sip_ctrans *ct)
{
	int err;

	ct->sip->st.retrans_tx++;
	ct->interval *= 2;
	err = sip_ctrans_send(ct, ct->req);
	if (err) /* as good as lost on the way: the next one may get through */
		log_debug("sip", "%s not sent again: %s", ct->branch, err_str(err));
	start_a(ct);
}

static void on_timer(void *arg)
{
	struct sip_ctrans *ct = arg;

	if (ct->state == COMPLETED || ct->state == ACCEPTED)
		sip_ctrans_end(ct, 0); /* timers D and M */
	else if (ct->state == PROCEEDING || loop_now_ms(ct->sip->loop) >= ct->due)
		sip_ctrans_end(ct, ETIMEDOUT); /* no final answer after CANCEL; timer B */
	else
		timer_a(ct);
}

void sip_ic_cancelled(struct sip_ctrans *ct)
{
	start(ct, 64ULL * ct->sip->t1);
}

static void provisional(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	if (ct->state == CALLING) {
		set_state(ct, PROCEEDING);
		timer_stop(&ct->tmr);
	}
	if (ct->cancel_wait) {
		int err = sip_cancel(ct, slice_str(ct->cancel_reason));

		if (err)
			log_debug("sip", "CANCEL not sent: %s", err_str(err));
	}
	sip_ctrans_tell(ct, rsp);
}

static void accepted(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	set_state(ct, ACCEPTED);
	ct->req = mem_deref(ct->req);
	start(ct, sip_rest_ms(ct->sip, 64ULL * ct->sip->t1));
	sip_ctrans_tell(ct, rsp);
}

/* RFC 3261 17.1.1.3. Without memory for it, the next copy of the answer gets it. */
static void acknowledge(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	int err = ct->ack ? 0 : sip_enc_ack(&ct->ack, ct, rsp);

	if (!err)
		err = sip_ctrans_send(ct, ct->ack);
	if (ct->ack)
		ct->req = mem_deref(ct->req);
	if (err)
		log_debug("sip", "ACK not sent: %s", err_str(err));
}

static void refused(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	set_state(ct, COMPLETED);
	acknowledge(ct, rsp);
	start(ct, ct->reliable ? 0 : sip_rest_ms(ct->sip, 64ULL * ct->sip->t1));
	sip_ctrans_tell(ct, rsp);
}

void sip_ic_response(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	switch ((enum state)ct->state) {
	case CALLING:
	case PROCEEDING:
		ct->scode = rsp->scode;
		if (rsp->scode < 200)
			provisional(ct, rsp);
		else if (rsp->scode < 300)
			accepted(ct, rsp);
		else
			refused(ct, rsp);
		break;
	case COMPLETED:
		if (rsp->scode >= 300)
			acknowledge(ct, rsp);
		break;
	case ACCEPTED:
		if (rsp->scode >= 200 && rsp->scode < 300)
			sip_ctrans_tell(ct, rsp);
		break;
	}
}

/* In Proceeding the answer may still come by a new connection (RFC 3261 18.2.2). */
void sip_ic_broken(struct sip_ctrans *ct, int err)
{
	if (ct->state == CALLING)
		sip_ctrans_end(ct, err);
}
