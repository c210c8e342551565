/*
 * sound_mixer.c - what a conference costs: the real engine with one worker and real
 * sockets on loopback, parties in a process of their own. CPU time is that of the
 * worker's thread alone.
 *
 * Where it goes is found by leaving parts out: parties that are muted and deaf are
 * only received from; those that are deaf are heard, too, but nothing is sent.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "media/mix_priv.h"
#include "media/srtp.h"
#include "media/tone.h"
#include "sound.h"

enum { PKT = RTP_HDR + 160, BATCH = 64, WARM_MS = 1500, TICK = 20, SINK_BUF = 1 << 24, PARTIES_MAX = 2000 };

struct conf {
	struct loop *l;
	struct media *m;
	struct mixer *x;
	unsigned talkers, listeners, senders; /* of the listeners, so many send, too, and are muted */
	unsigned flags, seconds;
	bool mixed;                           /* listeners have different codecs, and SRTP */
	struct mixer_member *mb[PARTIES_MAX]; /* talkers first */
	struct mstream *s[PARTIES_MAX];
	int to_child;
	uint64_t cpu0, cpu1;
	struct media_stats st0, st1;
	struct timer timer;
};

static uint64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The worker has the first core, the parties the last one: as with the other measurements (bench/run). */
static void pin(long core)
{
#ifdef __linux__
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
#else
	(void)core;
#endif
}

/* ------------------------------------------------------------------ the parties */

struct party {
	struct sockaddr_in to;
	bool talks;
};

static void put_packet(uint8_t *p, const struct party *who, unsigned i, unsigned seq)
{
	const struct rtp_hdr h = {.seq = (uint16_t)seq, .ts = seq * 160, .ssrc = 0x1000 + i};

	rtp_encode(p, &h);
	for (unsigned k = 0; k < 160; k++) {
		/* a tone of its own that comes and goes as words do */
		double env = 0.6 + 0.4 * sin((double)(seq % 100) / 100 * 2 * M_PI);
		double v = who->talks ? 8000 * env * sin((double)(seq * 160 + k) * (300 + 17 * i) * 2 * M_PI / 8000)
				      : 0;
		p[RTP_HDR + k] = g711_ulaw_enc((int16_t)v);
	}
}

/* Packets are made once, then sent for ever: the parties' own work shall not disturb. */
static void party_loop(int fd, const struct party *v, unsigned n)
{
	enum { CYCLE = 100 };
	uint8_t *pkt = malloc((size_t)n * CYCLE * PKT);
	static uint8_t junk[BATCH][256];
	struct mmsghdr mm[BATCH];
	struct iovec io[BATCH];
	uint64_t t0 = clock_us();

	if (!pkt)
		_exit(1);
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < CYCLE; k++)
			put_packet(pkt + ((size_t)i * CYCLE + k) * PKT, &v[i], i, k);
	for (unsigned ms = 0;; ms++) {
		unsigned seq = ms / TICK;
		for (unsigned i = ms % TICK; i < n; i += TICK) {
			uint8_t *p = pkt + ((size_t)i * CYCLE + seq % CYCLE) * PKT;
			rtp_patch(p, (uint16_t)seq, seq * 160, 0x1000 + i, false);
			(void)sendto(fd, p, PKT, MSG_DONTWAIT, (const struct sockaddr *)&v[i].to, sizeof(v[i].to));
		}
		for (int got = BATCH; got == BATCH;) {
			for (unsigned i = 0; i < BATCH; i++) {
				io[i] = (struct iovec){junk[i], sizeof(junk[i])};
				mm[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &io[i], .msg_iovlen = 1}};
			}
			got = recvmmsg(fd, mm, BATCH, MSG_DONTWAIT, NULL);
		}
		uint64_t due = t0 + (ms + 1) * 1000ULL, now = clock_us();
		if (due > now)
			usleep((useconds_t)(due - now));
	}
}

/* ------------------------------------------------------------------ the engine */

/* CPU time of the worker, ns. */
static uint64_t worker_ns(void)
{
	DIR *d = opendir("/proc/self/task");
	uint64_t ns = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		char path[320], name[32] = "";
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		bool mine = f && fgets(name, sizeof(name), f) && !strncmp(name, "media-", 6);
		if (f)
			fclose(f);
		if (!mine)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", e->d_name);
		f = fopen(path, "r");
		unsigned long long t = 0;
		if (f && fscanf(f, "%llu", &t) == 1)
			ns += t;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return ns;
}

static void end_h(void *arg)
{
	struct conf *c = arg;

	c->cpu1 = worker_ns();
	media_stats(c->m, &c->st1);
	loop_stop(c->l);
}

static void begin_h(void *arg)
{
	struct conf *c = arg;

	c->cpu0 = worker_ns();
	media_stats(c->m, &c->st0);
	timer_start(&c->timer, c->l, c->seconds * 1000, end_h, c);
}

static int add_party(struct conf *c, unsigned i, const struct sa *sink, struct party *p)
{
	struct mstream_remote r = {.rtp = *sink, .we_send = true, .we_recv = true, .ncodec = 1};
	struct sa ip, at;
	bool talks = i < c->talkers;

	static const struct mcodec codecs[] = {
		{.pt = 0, .name = "PCMU", .rate = 8000, .ch = 1},
		{.pt = 8, .name = "PCMA", .rate = 8000, .ch = 1},
		{.pt = 9, .name = "G722", .rate = 8000, .ch = 1},
		{.pt = 96, .name = "OPUS", .rate = 48000, .ch = 2},
	};
	const struct srtp_key key = {.suite = SRTP_AES_CM_128_HMAC_SHA1_80,
				     .key = {1, 2, 3, (uint8_t)i, (uint8_t)(i >> 8)}};

	r.codec[0] = codecs[c->mixed && !talks ? i % ARRAY_LEN(codecs) : 0];
	int err = sa_set(&ip, SLICE("127.0.0.1"), 0);
	if (!err)
		err = mstream_alloc(&c->s[i], c->m, 0, MSTREAM_AUDIO, &ip, NULL, NULL);
	if (err)
		return err;
	mstream_set_remote(c->s[i], &r);
	if (c->mixed && !talks)
		err = mstream_set_keys(c->s[i], &key, &key);
	if (err)
		return err;
	mstream_local(c->s[i], &at);
	p->to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(sa_port(&at))};
	p->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->talks = talks;
	return mixer_add(&c->mb[i], c->x, c->s[i], talks ? c->flags : MIXER_MUTED, NULL);
}

static int run(struct conf *c, int fd, const struct sa *sink)
{
	struct party *v = calloc(PARTIES_MAX, sizeof(*v));
	unsigned n = c->talkers + c->listeners;
	const struct mixer_cfg mc = {.media = c->m, .rate = 8000};
	int err = v ? mixer_alloc(&c->x, &mc, NULL, NULL) : ENOMEM;

	for (unsigned i = 0; i < n && !err; i++)
		err = add_party(c, i, sink, &v[i]);
	pid_t pid = err ? -1 : fork();
	if (!pid) {
		pin(sysconf(_SC_NPROCESSORS_ONLN) - 1);
		party_loop(fd, v, c->talkers + c->senders);
		_exit(0);
	}
	free(v);
	if (pid > 0) {
		timer_start(&c->timer, c->l, WARM_MS, begin_h, c);
		err = loop_run(c->l);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	mem_deref(c->x);
	for (unsigned i = 0; i < n; i++)
		if (c->s[i])
			mstream_close(c->s[i], NULL, NULL);
	return err;
}

/* One conference; ns of CPU a second of the worker. */
static int measure(double *ns, struct conf *c)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t al = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), buf = SINK_BUF;
	struct sa sink;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || getsockname(fd, (struct sockaddr *)&a, &al))
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buf, sizeof(buf));
	int err = sa_set(&sink, SLICE("127.0.0.1"), ntohs(a.sin_port));
	if (!err)
		err = loop_alloc(&c->l);
	const struct media_cfg mc = {
		.loop = c->l, .workers = 1, .port_lo = 20000, .port_hi = 29999, .quarantine_ms = 1};
	if (!err)
		err = media_alloc(&c->m, &mc);
	if (!err)
		err = run(c, fd, &sink);
	mem_deref(c->m);
	if (c->l)
		loop_drain(c->l);
	mem_deref(c->l);
	close(fd);
	*ns = (double)(c->cpu1 - c->cpu0) / c->seconds;
	return err;
}

/* ------------------------------------------------------------------ pieces alone */

static volatile int sum;

static double piece(const char *name, void (*fn)(struct mixpart *p), struct mixpart *p)
{
	enum { ROUNDS = 20000 };
	uint64_t t0 = clock_us();

	for (int i = 0; i < ROUNDS; i++)
		fn(p);
	double ns = (double)(clock_us() - t0) * 1000 / ROUNDS;
	printf("piece=%s ns=%.0f\n", name, ns);
	return ns;
}

static void do_decode(struct mixpart *p)
{
	uint8_t b[160];
	const struct codec_ops *c = codec_find(CODEC_PCMU, 8000, 1);

	memset(b, 0x35, sizeof(b));
	sum += c->decode(NULL, p->tmp, 160, b, sizeof(b));
}

static void do_encode(struct mixpart *p)
{
	uint8_t b[160];
	const struct codec_ops *c = codec_find(CODEC_PCMU, 8000, 1);

	sum += c->encode(NULL, b, sizeof(b), p->tmp, 160);
}

static void do_level(struct mixpart *p)
{
	sum += (int)mix_level(p->tmp, 160);
}

static void do_add(struct mixpart *p)
{
	mix_add(p->total, p->tmp, 160);
	sum += p->total[3];
}

static void do_minus(struct mixpart *p)
{
	mix_sub(p->scratch, p->total, p->tmp, 160);
	mix_pack(p->mix, p->scratch, 160, 1, 1);
	sum += p->mix[3];
}

/* What the system alone asks for a packet that goes and for one that comes, on this machine; ns for both. */
static double bare_sockets(void)
{
	enum { ROUNDS = 200, EACH = 100 };
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t al = sizeof(a);
	int from = socket(AF_INET, SOCK_DGRAM, 0), to = socket(AF_INET, SOCK_DGRAM, 0);
	uint8_t b[PKT] = {0};
	double out = 0, in = 0;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (from >= 0 && to >= 0 && !bind(to, (struct sockaddr *)&a, sizeof(a)) &&
	    !getsockname(to, (struct sockaddr *)&a, &al)) {
		for (int i = 0; i < ROUNDS; i++) {
			uint64_t t0 = clock_us();
			for (int k = 0; k < EACH; k++)
				(void)sendto(from, b, sizeof(b), MSG_DONTWAIT, (struct sockaddr *)&a, sizeof(a));
			uint64_t t1 = clock_us();
			for (int k = 0; k < EACH; k++)
				(void)recv(to, b, sizeof(b), MSG_DONTWAIT);
			out += (double)(t1 - t0);
			in += (double)(clock_us() - t1);
		}
		printf("piece=bare_sendto ns=%.0f\n", out * 1000 / ROUNDS / EACH);
		printf("piece=bare_recv ns=%.0f\n", in * 1000 / ROUNDS / EACH);
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return (out + in) * 1000 / ROUNDS / EACH;
}

static void pieces(void)
{
	struct mixroom r = {.n = 160, .rate = 8000, .ptime = 20};
	struct mixpart *p;

	if (mixpart_alloc(&p, &r, NULL))
		return;
	for (int i = 0; i < 160; i++)
		p->tmp[i] = (int16_t)(i * 91 % 6000);
	piece("decode_pcmu", do_decode, p);
	piece("encode_pcmu", do_encode, p);
	piece("level", do_level, p);
	piece("add", do_add, p);
	memset(p->total, 0, 160 * sizeof(*p->total));
	piece("minus_one_and_limiter", do_minus, p);
	mem_deref(p);
}

/* ------------------------------------------------------------------ */

static int failed;

static double cost(struct conf what)
{
	struct conf *c = malloc(sizeof(*c));
	double ns = 0;

	if (!c)
		return 0;
	*c = what;
	int err = measure(&ns, c);
	if (err) {
		fprintf(stderr, "mixer: %s\n", err_str(err));
		failed = 1;
	}
	free(c);
	return ns;
}

static void talking(unsigned seconds, unsigned talkers)
{
	struct conf c = {.talkers = talkers, .seconds = seconds};

	pieces();
	double bare = bare_sockets(), all = cost(c);
	c.flags = MIXER_DEAF;
	double deaf = cost(c);
	c.flags |= MIXER_MUTED;
	double rx = cost(c), per = 1e7 * talkers; /* ns a second -> per cent of a core for each */
	printf("talkers=%u core_pct_each=%.4f bare_pct=%.4f receive=%.4f decode_and_mix=%.4f encode_and_send=%.4f\n",
	       talkers, all / per, bare * (1000.0 / TICK) / 1e7, rx / per, (deaf - rx) / per, (all - deaf) / per);
}

static void listening(unsigned seconds, unsigned listeners)
{
	struct conf c = {.talkers = 5, .seconds = seconds};

	double few = cost(c);
	c.listeners = listeners;
	double quiet = cost(c);
	c.senders = listeners;
	double muted = cost(c);
	c.senders = 0;
	c.mixed = true;
	double mixed = cost(c);
	printf("listeners=%u speakers=5 quiet_cores=%.3f speakers_alone=%.3f\n", listeners, quiet / 1e9, few / 1e9);
	printf("listeners=%u speakers=5 muted_but_sending=1 muted_cores=%.3f receive=%.3f\n", listeners, muted / 1e9,
	       (muted - quiet) / 1e9);
	printf("listeners=%u speakers=5 srtp=1 codecs=4 mixed_cores=%.3f\n", listeners, mixed / 1e9);
}

int sound_mixer(int argc, char **argv)
{
	unsigned seconds = sound_arg(argc, argv, 1, 5, 1, 60), talkers = sound_arg(argc, argv, 2, 50, 0, 500),
		 listeners = sound_arg(argc, argv, 3, 1000, 0, PARTIES_MAX - 5);

	pin(0);
	if (talkers)
		talking(seconds, talkers);
	if (listeners)
		listening(seconds, listeners);
	return failed;
}
