/*
 * media.c - RTP through held calls: every call both ways, paced to the millisecond, delay measured by a stamp in each
 * packet.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include "load.h"

enum { PAYLOAD = 160, PKT = 12 + PAYLOAD, SOCKS = 16, HIST = 20000, SOUND = 50, NAP_US = 30 };

static struct {
	uint64_t sent, got, timed;
	uint64_t hist[HIST]; /**< by microsecond, the last cell takes the rest */
	bool srtp;           /**< callers speak SRTP */
	bool measure;
	bool coded; /**< the payload is sound, and comes out coded anew: no stamp survives */
	unsigned char sound[2][SOUND][PAYLOAD];
} g;

static void on_rtp(char *p, size_t l, const struct sockaddr_in *from)
{
	uint64_t t, d;

	(void)from;
	if (!g.measure || (l != PKT && !(g.srtp && l > PKT)))
		return;
	g.got++;
	/* the stamp of what is coded again, or protected, cannot be read */
	if (g.coded || l != PKT)
		return;
	g.timed++;
	memcpy(&t, p + 12, sizeof(t));
	d = now_us() - t;
	g.hist[d < HIST ? d : HIST - 1]++;
}

static double percentile(double share)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HIST; i++) {
		sum += g.hist[i];
		if ((double)sum >= share * (double)g.timed)
			return i / 1000.0;
	}
	return HIST / 1000.0;
}

static void send_rtp(int fd, unsigned port, unsigned leg, unsigned seq, unsigned pt)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	unsigned char m[PKT + SRTP_TAIL] = {0x80, (unsigned char)pt};
	size_t l = PKT;
	uint64_t t = now_us();
	uint32_t ts = htonl(seq * 160), ssrc = htonl(0x10000 + leg);
	uint16_t s = htons((uint16_t)seq);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(m + 2, &s, 2);
	memcpy(m + 4, &ts, 4);
	memcpy(m + 8, &ssrc, 4);
	if (g.coded)
		memcpy(m + 12, g.sound[leg % 2][seq % SOUND], PAYLOAD);
	else
		memcpy(m + 12, &t, sizeof(t));
	/* and its number in letters that u-law keeps, for those who look into recordings (test/tools/frames.c) */
	if (!g.coded)
		for (int i = 0; i < 3; i++)
			m[12 + sizeof(t) + i] = (unsigned char)(0x20 | (seq >> (10 - 5 * i) & 31));
	if (g.srtp && leg % 2 == 0)
		l = srtp_seal(m, l);
	net_queue(fd, &to, m, l);
	g.sent++;
}

static void drain(const int *afd, const int *bfd, unsigned nrtp)
{
	for (unsigned i = 0; i < nrtp; i++) {
		while (net_take(afd[i], on_rtp))
			;
		while (net_take(bfd[i], on_rtp))
			;
	}
}

/* Streams are spread over the 20 ms; each tick of 1 ms serves its share. */
static void tick(const struct media_leg *v, unsigned n, const int *afd, const int *bfd, unsigned nrtp, uint64_t at)
{
	unsigned phase = (unsigned)(at % 20), seq = (unsigned)(at / 20);

	for (unsigned i = phase; i < n; i += 20) {
		send_rtp(afd[i % nrtp], v[i].a_port, 2 * i, seq, 0);
	}
	net_flush();
	for (unsigned i = phase; i < n; i += 20)
		send_rtp(bfd[i % nrtp], v[i].b_port, 2 * i + 1, seq, g.coded ? 9 : 0);
	net_flush();
}

static void flow(const struct media_leg *v, unsigned n, const int *afd, const int *bfd, unsigned nrtp, unsigned seconds,
		 uint64_t *at)
{
	uint64_t t0 = now_us(), first = *at;

	while (*at < first + seconds * 1000ull) {
		uint64_t now = now_us();

		if (now >= t0 + (*at - first) * 1000)
			tick(v, n, afd, bfd, nrtp, (*at)++);
		else
			usleep(NAP_US); /* what comes meanwhile seems so much later than it came */
		drain(afd, bfd, nrtp);
	}
}

int media_flow(const struct opts *o, const struct media_leg *v, unsigned n, const int *afd, const int *bfd,
	       unsigned nrtp)
{
	uint64_t at = 0, cpu0, cpu;

#ifdef __linux__
	(void)prctl(PR_SET_TIMERSLACK, 1000);
#endif
	g.coded = o->xcode;
	g.srtp = o->srtp;
	for (unsigned i = 0; i < 2 * SOUND * PAYLOAD; i++)
		(&g.sound[0][0][0])[i] = (unsigned char)(i * 2654435761u >> 24);
	flow(v, n, afd, bfd, nrtp, 2, &at); /* latch and warm up */
	usleep(100000);
	drain(afd, bfd, nrtp);
	g.sent = 0;
	g.measure = true;
	cpu0 = cpu_us(o);
	flow(v, n, afd, bfd, nrtp, o->seconds, &at);
	usleep(100000);
	drain(afd, bfd, nrtp);
	cpu = cpu_us(o) - cpu0;
	printf("calls=%u sent=%llu got=%llu lost_pct=%.3f cpu_us=%.3f ", n, (unsigned long long)g.sent,
	       (unsigned long long)g.got, 100.0 * (double)(g.sent - g.got) / (double)(g.sent ? g.sent : 1),
	       (double)cpu / (double)(g.got ? g.got : 1));
	if (g.coded)
		printf("pct_core=%.4f ", (double)cpu / 1e4 / o->seconds / n);
	else
		printf("p50_ms=%.3f p99_ms=%.3f ", percentile(0.5), percentile(0.99));
	printf("rss_kb=%llu anon_kb=%llu\n", (unsigned long long)rss_kb(o), (unsigned long long)rss_anon_kb(o));
	return 0;
}

/* Calls through the server, held, then sound. */
int run_media(const struct opts *o)
{
	struct media_leg *v = calloc(o->count, sizeof(*v));
	int afd[SOCKS], bfd[SOCKS], err;
	unsigned ap[SOCKS], bp[SOCKS];
	uint64_t before = rss_anon_kb(o), held;

	for (unsigned i = 0; i < SOCKS; i++) {
		afd[i] = net_socket(0);
		bfd[i] = net_socket(0);
		ap[i] = net_port(afd[i]);
		bp[i] = net_port(bfd[i]);
	}
	if (calls_hold(o, v, o->count, ap, bp, SOCKS)) {
		fprintf(stderr, "load: the calls could not be set up\n");
		free(v);
		return 1;
	}
	usleep(1500000);
	held = rss_anon_kb(o);
	printf("kb_per_call=%.2f ", ((double)held - (double)before) / o->count);
	err = o->seconds ? media_flow(o, v, o->count, afd, bfd, SOCKS) : 0;
	if (!o->seconds)
		printf("calls=%u\n", o->count);
	err = calls_release(o, o->count) || err;
	free(v);
	return err;
}
