/*
 * stream.c - streams as the loop thread has them: what it wants of each, the
 * orders that carry it to the worker, and the two-phase end.
 *
 * What is wanted is kept as a state (want), not as a queue: orders of one turn go
 * as one message, and what changes while a message is under way goes with the
 * next. So giving orders needs no memory and cannot fail. The first order opens
 * the stream; a stream that never got one ends without the worker.
 */
#include <string.h>
#include "media/meter.h"
#include "media/mix_priv.h"

enum { DIGIT_MS = 100 };

/* ------------------------------------------------------------------ orders */

static void order_ack_h(struct loop_msg *n);

static void order_h(struct loop_msg *n)
{
	struct mstream *s = CONTAINER_OF(n, struct mstream, order_msg);
	int st = ORDER_POSTED;

	if (s->order.set & ORDER_OPEN)
		wstream_open(&s->w);
	if (s->order.crypt) {
		crypt_apply(&s->w.crypt, s->order.crypt);
		s->order.crypt = NULL;
	}
	wstream_apply(&s->w, &s->order);
	if (atomic_compare_exchange_strong(&s->state, &st, ORDER_IDLE))
		return;
	/* there is more: the loop thread must hear when this one is done */
	s->order_msg.fn = order_ack_h;
	mail_post(s->m->mail, &s->order_msg);
}

/* `now`: the worker shall not wait for a packet. */
static void flush(struct mstream *s, bool now)
{
	int st = ORDER_POSTED;

	if (!s->want.set)
		return;
	if (atomic_load(&s->state) != ORDER_IDLE) {
		if (atomic_compare_exchange_strong(&s->state, &st, ORDER_AGAIN) || st == ORDER_AGAIN) {
			/* the one before was left there, perhaps: this one shall not wait for it */
			mail_wake(&s->m->wk[s->worker].in);
			return;
		}
	}
	if (!s->told)
		s->want.set |= ORDER_OPEN;
	s->told = true;
	if (s->want.set & ORDER_REMOTE) {
		/* the worker has carried out the order before this one: it does not look at the list before that */
		mem_deref((void *)s->old);
		s->old = s->order.r.codecs;
		(void)mem_ref(s->want.r.codecs);
	}
	s->order = s->want;
	if (s->want.set & ORDER_MODE && s->want.link)
		mlink_sent(s->want.link);
	s->want.set = 0;
	s->want.player = NULL;
	s->want.tap = NULL;
	s->want.untap = NULL;
	s->want.dtmf = NULL;
	s->want.crypt = NULL;
	s->order_msg.fn = order_h;
	atomic_store(&s->state, ORDER_POSTED);
	media_tell(s->m, s->worker, &s->order_msg, now);
}

static void order_ack_h(struct loop_msg *n)
{
	struct mstream *s = CONTAINER_OF(n, struct mstream, order_msg);

	atomic_store(&s->state, ORDER_IDLE);
	if (!s->closed)
		flush(s, true);
}

void media_flush_orders(void *arg)
{
	struct media *m = arg;

	LIST_EACH (&m->dirty, k) {
		list_unlink(k);
		struct mstream *s = LINK_OBJ(k, struct mstream, dirty);
		flush(s, s->busy);
	}
}

static void want(struct mstream *s, uint8_t what)
{
	s->want.set |= what;
	if (s->dirty.list)
		return;
	list_append(&s->m->dirty, &s->dirty);
	loop_at_tail(s->m->loop, &s->m->tail);
}

static void want_mode(struct mstream *s, enum wmode mode)
{
	if (s->want.player) {
		player_drop(s->want.player, s->m->mail);
		s->want.player = NULL;
	}
	if (s->want.link) {
		mlink_release(s->want.link);
		s->want.link = NULL;
	}
	if (s->want.mix && s->want.set & ORDER_MODE)
		mix_drop(s->want.mix);
	s->want.mix = NULL;
	s->want.mode = (uint8_t)mode;
	s->want.peer = NULL;
	want(s, ORDER_MODE);
}

/* Out of a join, both ways. */
static void unjoin(struct mstream *s)
{
	struct mstream *peer = s->peer;

	if (!peer)
		return;
	s->peer = NULL;
	peer->peer = NULL;
	want_mode(s, W_IDLE);
	want_mode(peer, W_IDLE);
}

/* ------------------------------------------------------------------ events from the worker */

static void event_h(struct loop_msg *n)
{
	struct mstream *s = CONTAINER_OF(n, struct mstream, ev_msg);

	atomic_store(&s->ev_posted, false);
	uint8_t bits = atomic_exchange(&s->ev_bits, 0);
	if (bits & EV_FIRST && !s->closed && s->ops->first_packet)
		s->ops->first_packet(s, s->arg);
	for (;;) {
		uint8_t tail = atomic_load_explicit(&s->dq_tail, memory_order_relaxed);
		if (tail == atomic_load_explicit(&s->dq_head, memory_order_acquire))
			break;
		struct digit d = s->dq[tail % DTMF_QUEUE];
		atomic_store_explicit(&s->dq_tail, (uint8_t)(tail + 1), memory_order_release);
		struct mkey k = {.digit = d.c, .down = d.what & MKEY_DOWN, .sound = d.what & MKEY_SOUND, .ms = d.ms};
		if (!s->closed && s->ops->key)
			s->ops->key(s, &k, s->arg);
		if (!s->closed && s->ops->dtmf && !k.down)
			s->ops->dtmf(s, d.c, d.ms, s->arg);
	}
	if (bits & EV_CNG && !s->closed && s->ops->tone)
		s->ops->tone(s, MTONE_CNG, s->arg);
	if (bits & EV_CED && !s->closed && s->ops->tone)
		s->ops->tone(s, MTONE_CED, s->arg);
	if (bits & EV_DEAD && !s->closed && s->ops->dead)
		s->ops->dead(s, s->arg);
}

/* ------------------------------------------------------------------ life */

static void stream_destroy(void *obj)
{
	struct mstream *s = obj;

	if (s->le.list)
		metric_add(&media_m_streams, -1);
	mem_deref(s->keys);
	mem_deref(s->order.crypt);
	mem_deref(s->w.crypt);
	mem_deref(s->w.second);
	mem_deref(s->w.own);
	mem_deref(s->st);
	list_unlink(&s->le);
	list_unlink(&s->dirty);
	mem_deref((void *)s->want.r.codecs);
	mem_deref((void *)s->order.r.codecs);
	mem_deref((void *)s->old);
}

static void close_h(struct loop_msg *n)
{
	struct mstream *s = CONTAINER_OF(n, struct mstream, close_msg);

	s->close_msg.fn = s->closed_fn;
	wstream_close(&s->w);
}

/* It never was opened, but links know of it. */
static void unlink_h(struct loop_msg *n)
{
	struct mstream *s = CONTAINER_OF(n, struct mstream, close_msg);

	wstream_let_go(&s->w);
	s->close_msg.fn = s->closed_fn;
	mail_post(s->m->mail, &s->close_msg);
}

/* The party should send. */
static bool expects(const struct wremote *r)
{
	return r->set && r->we_recv && !r->quiet && sa_isset(&r->rtp) && sa_port(&r->rtp);
}

static void stats_out(const struct mstream *s, const struct snap *n, struct mstream_stats *st)
{
	/* what is wanted is forgotten at the end, when the worker has let go of what it knows */
	const struct wremote *r = s->closed ? &s->w.r : &s->want.r;

	*st = (struct mstream_stats){
		.rx_packets = n->rx_packets,
		.rx_bytes = n->rx_bytes,
		.tx_packets = n->tx_packets,
		.tx_bytes = n->tx_bytes,
		.rx_lost = n->rx_lost,
		.rx_late_or_dup = n->rx_late,
		.rx_dropped = n->rx_dropped,
		.rx_auth_failed = n->rx_failed,
		.rx_replayed = n->rx_replayed,
		.rx_strangers = n->rx_strangers,
		.rx_jitter_us = n->jitter_us,
		.rtt_us = n->rtt_us,
		.remote_lost_pm = n->lost_pm,
		.mos_x100 = n->mos,
		.first_rx_ms = n->first_ms,
		.last_rx_ms = n->last_ms,
		.remote = n->remote,
		.latched = n->latched,
		.moved = n->moved,
		.said = r->rtp,
		.expects = expects(r),
		.expects_ms = s->expects_ms,
		.remote_lost = n->far_lost,
		.pauses = n->pauses,
		.strange = n->strange,
		.sec_lost_pm = n->sec_lost_pm,
		.sec_mos_x100 = n->sec_mos,
		.min_mos_x100 = n->min_mos,
		.bad_s = n->bad_s,
		.silent_s = n->silent_s,
		.clipped_s = n->clipped_s,
		.level_dbov = n->level,
		.far_mos_x10 = n->far_mos_x10,
		.played_ms = n->played_ms,
		.concealed_ms = n->concealed_ms,
		.buffer_us = n->buffer_us,
	};
	/* type 0 is always known as PCMU: here it means that there was no sound yet */
	if (n->codec != CODEC_OTHER || n->pt)
		codec_name(n->codec, n->pt, st->codec);
}

/* The worker let go. */
static void closed_h(struct loop_msg *n)
{
	struct mstream *s = CONTAINER_OF(n, struct mstream, close_msg);
	struct mstream_stats st;
	void (*done)(const struct mstream_stats *, void *) = s->done;
	void *arg = s->done_arg;

	struct snap last;

	snap_make(&last, &s->w);
	stats_out(s, &last, &st);
	pool_give(s->port, st.rx_packets || st.rx_dropped || st.last_rx_ms || atomic_load(&s->port->heard));
	s->m->wk[s->worker].load--;
	mem_deref(s);
	if (done)
		done(&st, arg);
}

static const struct mstream_ops no_ops = {0};

int mstream_alloc(struct mstream **sp, struct media *m, unsigned worker, enum mstream_kind kind, const struct sa *ip,
		  const struct mstream_ops *ops, void *arg)
{
	struct port *port;

	if (!sa_isset(ip))
		return EADDRNOTAVAIL;
	if (worker >= m->nwk)
		worker %= m->nwk;
	struct mstream *s = mem_zalloc(sizeof(*s), stream_destroy);
	if (!s)
		return ENOMEM;
	int err = pool_take(&port, m, ip, worker);
	if (err) {
		mem_deref(s);
		return err;
	}
	s->m = m;
	s->worker = worker;
	s->kind = (uint8_t)kind;
	s->ops = ops ? ops : &no_ops;
	s->arg = arg;
	s->port = port;
	s->close_msg.fn = close_h;
	s->closed_fn = closed_h;
	s->ev_msg.fn = event_h;
	s->w.s = s;
	s->w.wk = &m->wk[worker];
	s->w.port = port;
	s->w.sock = port->rtp;
	out_init(&s->w.out);
	rand_text(s->w.cname, CNAME_LEN);
	list_append(&m->streams, &s->le);
	metric_add(&media_m_streams, 1);
	m->wk[worker].load++;
	if (port->moving) {
		/* its present worker lets go of it, then passes the message on */
		port->taker = s;
		s->told = true;
		port_leave(port);
	}
	*sp = s;
	return 0;
}

void mstream_close(struct mstream *s, void (*done)(const struct mstream_stats *st, void *arg), void *arg)
{
	struct mailbox *mail = s->m->mail;

	if (s->closed)
		return;
	s->closed = true;
	s->done = done;
	s->done_arg = arg;
	unjoin(s);
	/* what never got to the worker comes back by itself */
	want_mode(s, W_IDLE);
	if (s->want.tap)
		tap_drop(s->want.tap, mail);
	dtmf_tx_drop(s->want.dtmf);
	mem_deref(s->want.crypt);
	mem_deref((void *)s->want.r.codecs);
	s->want = (struct order){0};
	list_unlink(&s->dirty);
	if (!s->told && s->linked)
		s->close_msg.fn = unlink_h;
	if (s->told || s->linked) {
		media_tell(s->m, s->worker, &s->close_msg, s->busy);
		return;
	}
	s->close_msg.fn = s->closed_fn;
	mail_post(mail, &s->close_msg);
}

void mstream_local(const struct mstream *s, struct sa *rtp)
{
	*rtp = s->port->pool->ip;
	sa_set_port(rtp, s->port->nr);
}

void mstream_stats(const struct mstream *s, struct mstream_stats *st)
{
	static const struct snap none = {.level = METER_NONE};

	stats_out(s, s->st ? s->st : &none, st);
}

/* ------------------------------------------------------------------ what it does */

void mstream_set_remote(struct mstream *s, const struct mstream_remote *r)
{
	if (s->closed)
		return;
	const struct wcodecs *before = s->want.r.codecs;
	/* an order that waits and opens learning still does */
	bool opens = (s->want.set & ORDER_REMOTE && !s->want.r.again) || !r->renewed;
	if (wremote_make(&s->want.r, r, &s->m->codecs))
		log_error("media", "no memory for a list of codecs: the one before stays");
	else
		mem_deref((void *)before);
	s->want.r.udptl |= s->kind == MSTREAM_UDPTL;
	s->want.r.again = !opens;
	s->expects_ms = !expects(&s->want.r) ? 0 : s->expects_ms ? s->expects_ms : loop_now_ms(s->m->loop);
	want(s, ORDER_REMOTE);
}

int mstream_set_keys(struct mstream *s, const struct srtp_key *tx, const struct srtp_key *rx)
{
	int err;

	if (s->closed)
		return ERR_STATE;
	err = crypt_order(&s->keys, &s->want.crypt, tx, rx);
	if (err)
		return err == EALREADY ? 0 : err;
	want(s, ORDER_KEYS);
	return 0;
}

static void point(struct mstream *from, struct mstream *to)
{
	want_mode(from, W_RELAY);
	from->peer = to;
	if (from->worker == to->worker) {
		from->want.peer = &to->w;
	} else if (mlink_alloc(&from->want.link, &to->w)) {
		from->want.link = NULL;
		log_error("media", "no memory to link two workers: one direction of a call stays silent");
	} else {
		to->linked = true;
	}
}

void mstream_join(struct mstream *a, struct mstream *b)
{
	if (a->closed || b->closed || (a->peer == b && a != b))
		return;
	if (a == b) {
		mstream_echo(a);
		return;
	}
	unjoin(a);
	unjoin(b);
	point(a, b);
	point(b, a);
}

void mstream_idle(struct mstream *s)
{
	if (s->closed)
		return;
	if (s->peer)
		unjoin(s);
	else
		want_mode(s, W_IDLE);
}

void mstream_echo(struct mstream *s)
{
	if (s->closed)
		return;
	unjoin(s);
	want_mode(s, W_ECHO);
}

bool mstream_can_play(const struct mstream *s)
{
	return s->kind == MSTREAM_AUDIO && wremote_ops(&s->want.r, NULL);
}

uint32_t mstream_rate(const struct mstream *s)
{
	const struct codec_ops *ops = s->kind == MSTREAM_AUDIO ? wremote_ops(&s->want.r, NULL) : NULL;

	return ops ? ops->rate : 0;
}

int mstream_play(struct mstream *s, struct media_source *src)
{
	struct player *p;

	if (s->closed)
		return ERR_STATE;
	if (!mstream_can_play(s))
		return ENOTSUP;
	int err = player_alloc(&p, s, src);
	if (err)
		return err;
	s->busy = true;
	unjoin(s);
	want_mode(s, W_PLAY);
	s->want.player = p;
	return 0;
}

void mstream_mix(struct mstream *s, struct mixer_member *m)
{
	s->busy = true;
	unjoin(s);
	want_mode(s, W_MIX);
	s->want.mix = m;
}

void mstream_unmix(struct mstream *s, const struct mixer_member *m)
{
	if (s->want.mix == m)
		mstream_idle(s);
}

int mstream_tap(struct mstream *s, struct media_sink *sink)
{
	struct tap *t;

	if (s->closed)
		return ERR_STATE;
	int err = tap_alloc(&t, s, sink);
	if (err)
		return err;
	s->busy = true;
	tap_chain(&s->want.tap, t);
	want(s, ORDER_TAP);
	return 0;
}

void mstream_untap(struct mstream *s, struct media_sink *sink)
{
	/* a stream that is closed sends its sinks home by itself */
	if (s->closed || sink->stream != s)
		return;
	if (tap_unchain(&s->want.tap, sink->tap)) {
		tap_drop(sink->tap, s->m->mail);
		return;
	}
	tap_chain_end(&s->want.untap, sink->tap);
	want(s, ORDER_TAP);
}

static int digits(struct mstream *s, struct slice digits, enum mdigit_way way, uint32_t ms)
{
	struct dtmf_tx *d;

	if (s->closed)
		return ERR_STATE;
	if ((way == MDIGIT_EVENT && !mstream_takes_events(s)) || (way == MDIGIT_TONES && !mstream_can_play(s)))
		return ENOTSUP;
	int err = dtmf_tx_alloc(&d, digits, way, ms);
	if (err)
		return err;
	s->busy = true;
	dtmf_tx_append(&s->want.dtmf, d);
	want(s, ORDER_DTMF);
	return 0;
}

int mstream_dtmf(struct mstream *s, struct slice d)
{
	return digits(s, d, MDIGIT_EVENT, DIGIT_MS);
}

int mstream_digits(struct mstream *s, struct slice d, enum mdigit_way way, uint32_t ms)
{
	return digits(s, d, way, ms ? ms : DIGIT_MS);
}

int mstream_press(struct mstream *s, char digit, enum mdigit_way way)
{
	return digits(s, slice_mem(&digit, 1), way, 0);
}

void mstream_release(struct mstream *s, uint32_t ms)
{
	/* it may not have gone to the worker yet */
	if (s->closed || dtmf_tx_up(s->want.dtmf, ms))
		return;
	s->want.release_ms = ms < UINT16_MAX ? (uint16_t)ms : UINT16_MAX;
	want(s, ORDER_RELEASE);
}

bool mstream_takes_events(const struct mstream *s)
{
	return wremote_tev(&s->want.r, 8000) != NULL;
}

bool mstream_spoils_tones(const struct mstream *s)
{
	const struct codec_ops *c = wremote_ops(&s->want.r, NULL);

	return c && (c->id == CODEC_GSM || c->id == CODEC_SPEEX);
}
