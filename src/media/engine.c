/*
 * engine.c - the media engine: its workers, its figures, its end.
 *
 * The end: streams are closed, a barrier makes sure that no worker still posts to
 * another, the workers stop one by one, what they had to say is heard, and only
 * then memory goes.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "media/mix_priv.h"

enum {
	WORKERS_MAX = 256,
	QUARANTINE_MS = 30000,
	DEAD_S = 60,
	RELEARN_MS = 2000,
	NUDGE_MS = 20,    /**< how long a worker without packets may be left alone with its orders */
	FDS_OTHER = 1024, /**< descriptors that are no ports */
};

struct metric media_m_packets = {
	.name = "media_packets_total",
	.help = "RTP packets received and wanted, or played.",
};
struct metric media_m_dropped = {
	.name = "media_packets_dropped_total",
	.help = "Packets refused: wrong source, not RTP, wrong direction, nobody to hear them.",
};
struct metric media_m_streams = {
	.name = "media_streams",
	.help = "Media streams in use.",
	.gauge = true,
};
struct metric media_m_ports = {
	.name = "media_ports_open",
	.help = "Pairs of media ports that are open.",
	.gauge = true,
};

/* ------------------------------------------------------------------ messages to workers */

static void nudge_h(void *arg)
{
	struct media *m = arg;

	for (unsigned i = 0; i < m->nwk; i++)
		mail_wake(&m->wk[i].in);
}

void media_tell(struct media *m, unsigned worker, struct loop_msg *n, bool now)
{
	if (now || !m->lazy) {
		mail_post(&m->wk[worker].in, n);
		return;
	}
	mail_leave(&m->wk[worker].in, n);
	if (!timer_running(&m->nudge))
		timer_start(&m->nudge, m->loop, NUDGE_MS, nudge_h, m);
}

/* ------------------------------------------------------------------ end */

struct barrier {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned left;
};

static void barrier_h(struct loop_msg *n)
{
	struct worker *wk = CONTAINER_OF(n, struct worker, barrier);
	struct barrier *b = wk->m->barrier;

	mail_drain(&wk->in);
	/* another worker may be gone before this turn ends */
	loop_wake_others();
	pthread_mutex_lock(&b->lock);
	b->left--;
	pthread_cond_signal(&b->cond);
	pthread_mutex_unlock(&b->lock);
}

/* Wait until every worker has seen all that was posted to it before. */
static void workers_meet(struct media *m, unsigned n)
{
	struct barrier b = {.left = n};

	pthread_mutex_init(&b.lock, NULL);
	pthread_cond_init(&b.cond, NULL);
	m->barrier = &b;
	for (unsigned i = 0; i < n; i++) {
		m->wk[i].barrier.fn = barrier_h;
		loop_post(m->wk[i].loop, &m->wk[i].barrier);
	}
	pthread_mutex_lock(&b.lock);
	while (b.left)
		pthread_cond_wait(&b.cond, &b.lock);
	pthread_mutex_unlock(&b.lock);
	pthread_cond_destroy(&b.cond);
	pthread_mutex_destroy(&b.lock);
}

static void media_destroy(void *obj)
{
	struct media *m = obj;
	unsigned n = 0;

	while (m->wk && n < m->nwk && m->wk[n].thread)
		n++;
	atomic_store(&m->stopping, true);
	inspect_del(&m->inspect);
	loop_tail_cancel(&m->tail);
	m->lazy = false;
	timer_stop(&m->nudge);
	LIST_EACH (&m->streams, k)
		mstream_close(LINK_OBJ(k, struct mstream, le), NULL, NULL);
	loop_tail_cancel(&m->tail);
	if (n > 1 && !loop_is_virtual(m->loop))
		workers_meet(m, n);
	for (unsigned i = 0; i < n; i++)
		loop_thread_stop(m->wk[i].thread);
	/* those whose port was on its way between two workers never were opened, nor closed */
	LIST_EACH (&m->streams, j)
		wstream_let_go(&LINK_OBJ(j, struct mstream, le)->w);
	if (m->mail)
		mail_drain(m->mail);
	mixers_end(m);
	LIST_EACH (&m->streams, i)
		mem_deref(LINK_OBJ(i, struct mstream, le));
	mlinks_free(m);
	wcodecs_cache_clear(&m->codecs);
	if (m->mail)
		pools_free(m);
	if (m->mail)
		mailbox_close(m->mail);
	for (unsigned i = 0; m->wk && i < m->nwk; i++)
		mem_deref(m->wk[i].batch.v);
	mem_deref(m->wk);
}

/* ------------------------------------------------------------------ figures */

static void dump(struct buf *b, void *arg)
{
	struct media *m = arg;
	struct media_stats st;
	char local[SA_STRLEN], remote[SA_STRLEN];

	media_stats(m, &st);
	buf_printf(b, "workers %u, streams %u, ports free %u resting %u open %u, packets %llu, dropped %llu\n", m->nwk,
		   st.streams, st.ports_free, st.ports_resting, st.ports_open, (unsigned long long)st.packets,
		   (unsigned long long)st.dropped);
	LIST_EACH (&m->streams, k) {
		const struct mstream *s = LINK_OBJ(k, struct mstream, le);
		struct mstream_stats ms;
		struct sa a;
		mstream_stats(s, &ms);
		mstream_local(s, &a);
		buf_printf(b,
			   "%s -> %s%s worker %u %s rx %llu tx %llu lost %llu dropped %llu jitter %u us rtt %u us mos "
			   "%u.%02u\n",
			   sa_str(&a, local), ms.latched ? sa_str(&ms.remote, remote) : "-", ms.moved ? " (moved)" : "",
			   s->worker, ms.codec[0] ? ms.codec : "-", (unsigned long long)ms.rx_packets,
			   (unsigned long long)ms.tx_packets, (unsigned long long)ms.rx_lost,
			   (unsigned long long)ms.rx_dropped, ms.rx_jitter_us, ms.rtt_us, ms.mos_x100 / 100,
			   ms.mos_x100 % 100);
	}
	mixers_dump(m, b);
}

void media_stats(const struct media *m, struct media_stats *st)
{
	memset(st, 0, sizeof(*st));
	st->streams = (uint32_t)m->streams.n;
	LIST_EACH (&m->pools, k)
		pool_count(LINK_OBJ(k, struct pool, le), st);
	for (unsigned i = 0; i < m->nwk; i++) {
		st->packets += m->wk[i].seen_packets;
		st->dropped += m->wk[i].seen_dropped;
	}
}

unsigned media_pick_worker(struct media *m)
{
	unsigned best = 0;

	for (unsigned i = 1; i < m->nwk; i++)
		if (m->wk[i].load < m->wk[best].load)
			best = i;
	return best;
}

/* ------------------------------------------------------------------ start */

static unsigned cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 1 ? (unsigned)n - 1 : 1;
}

/*
 * Worker: have room for the descriptors of all ports. Linux doubles a table that threads share only after a grace
 * period of 10-20 ms, in which the thread that opens a socket stands still; here, before the first call, that harms
 * nobody.
 */
static void reserve_h(struct loop_msg *n)
{
#ifdef __linux__
	struct media *m = CONTAINER_OF(n, struct media, reserve);
	rlim_t want = (rlim_t)m->cfg.port_hi - m->cfg.port_lo + FDS_OTHER;
	struct rlimit lim;
	int pipefd[2];

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur < 2 || pipe2(pipefd, O_CLOEXEC))
		return;
	if (want >= lim.rlim_cur)
		want = lim.rlim_cur - 1;
	int fd = fcntl(pipefd[0], F_DUPFD_CLOEXEC, (int)want);
	if (fd >= 0)
		close(fd);
	close(pipefd[0]);
	close(pipefd[1]);
#else
	(void)n;
#endif
}

static int start(struct media *m)
{
	m->mail = NULL;
	int err = mailbox_alloc(&m->mail, m, m->loop);
	if (err)
		return err;
	m->wk = mem_zalloc(m->nwk * sizeof(*m->wk), NULL);
	if (!m->wk)
		return ENOMEM;
	for (unsigned i = 0; i < m->nwk && !err; i++)
		err = worker_start(&m->wk[i], m, i);
	if (!err && !loop_is_virtual(m->loop)) {
		m->reserve.fn = reserve_h;
		loop_post(m->wk[0].loop, &m->reserve);
	}
	return err;
}

int media_alloc(struct media **mp, const struct media_cfg *cfg)
{
	uint32_t even = ((uint32_t)cfg->port_lo + 1) & ~1U;

	if (!cfg->loop || !cfg->port_lo || even + 1 > cfg->port_hi)
		return EINVAL;
	struct media *m = mem_zalloc(sizeof(*m), media_destroy);
	if (!m)
		return ENOMEM;
	m->cfg = *cfg;
	m->loop = cfg->loop;
	if (!m->cfg.quarantine_ms)
		m->cfg.quarantine_ms = QUARANTINE_MS;
	if (!m->cfg.dead_s)
		m->cfg.dead_s = DEAD_S;
	if (!m->cfg.relearn_ms)
		m->cfg.relearn_ms = RELEARN_MS;
	m->nwk = cfg->workers ? cfg->workers : cores();
	if (m->nwk > WORKERS_MAX)
		m->nwk = WORKERS_MAX;
	m->tail.fn = media_flush_orders;
	m->tail.arg = m;
	/* on a virtual loop waking costs nothing, and nothing arrives meanwhile */
	m->lazy = !loop_is_virtual(m->loop);
	int err = start(m);
	if (err) {
		mem_deref(m);
		return err;
	}
	metric_reg(&media_m_packets);
	metric_reg(&media_m_dropped);
	metric_reg(&media_m_streams);
	metric_reg(&media_m_ports);
	m->inspect = (struct inspect){.name = "media.streams", .fn = dump, .arg = m};
	inspect_add(&m->inspect);
	*mp = m;
	return 0;
}
