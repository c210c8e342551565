/*
 * impair.c - a bad network for real sockets: a UDP relay that loses, delays, doubles and disorders packets.
 *
 *   impair [options] LISTEN:PORT[-PORT]=TARGET:PORT ...
 *
 * What comes to a LISTEN port from anybody goes to the TARGET (ports of a range keep their distance), what comes
 * from the TARGET goes back to who sent last. The fate of packet number i of a flow follows from the seed and i
 * alone, the same for each port: two runs are treated alike. RTCP (RFC 5761 4) and what is no RTP passes unharmed.
 *
 *   -s SEED  -n SECONDS (60) until it ends by itself
 *   -l LOSS in per cent  -b BURST mean length of a burst of losses (Gilbert), 1: independent
 *   -d MS delay  -j MS jitter, added  -D uniform|normal|gamma  -o packets keep their order
 *   -r PERCENT sent behind the next one  -u PERCENT twice  -R KBIT/S
 *   -1 only towards the target  -t FILE write the first 30000 fates and end  -T FILE take them from there
 */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORTS_MAX = 512,
	QUEUE_MAX = 4096,
	PACKET_MAX = 2048,
	FATES = 30000,
	BEHIND_US = 30000,
	RATE_QUEUE_US = 1000000
};

enum shape { UNIFORM, NORMAL, GAMMA };

struct options {
	uint64_t seed;
	unsigned seconds, delay_ms, jitter_ms, kbit;
	double loss, burst, reorder, dup;
	enum shape shape;
	bool ordered, one_way;
};

/* What happens to a packet. */
struct fate {
	bool lost, dup;
	uint32_t delay_us;
};

/* One direction of one port. */
struct flow {
	uint64_t n;       /* packets so far */
	uint64_t last_us; /* when the last one leaves */
	uint64_t busy_us; /* until then the line is taken (-R) */
};

struct port {
	struct sockaddr_in target, client;
	bool known;
	struct flow flow[2];
};

struct packet {
	uint64_t us;
	int fd;
	struct sockaddr_in to;
	size_t l;
	uint8_t p[PACKET_MAX];
};

static struct options opt = {.seconds = 60, .burst = 1, .seed = 1};
static struct fate fates[2][FATES];
static struct port ports[PORTS_MAX];
static struct pollfd fds[PORTS_MAX];
static size_t nports;
static struct packet *queue[QUEUE_MAX]; /* a heap, the next one first */
static size_t queued;
static volatile sig_atomic_t stop;

static void stop_h(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ------------------------------------------------------------------ fates */

/* SplitMix64: the same numbers everywhere. */
static double unit(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static double jitter_ms(uint64_t *s)
{
	double a = 1 - unit(s), b = unit(s);

	switch (opt.shape) {
	case NORMAL: /* the jitter is its deviation, around three of them */
		return fmax(0, opt.jitter_ms * (3 + sqrt(-2 * log(a)) * cos(2 * M_PI * b)));
	case GAMMA: /* shape 2; the jitter is its mean */
		return -0.5 * opt.jitter_ms * (log(a) + log(1 - b));
	default:
		return opt.jitter_ms * b;
	}
}

/* Every packet takes the same count of random numbers, so that one option does not change what another does. */
static void make_fates(struct fate *v, uint64_t seed)
{
	uint64_t loss = seed * 4, jitter = seed * 4 + 1, dup = seed * 4 + 2, late = seed * 4 + 3;
	bool bad = false;

	for (size_t i = 0; i < FATES; i++) {
		double p = unit(&loss), share = opt.loss / 100;
		if (opt.burst > 1)
			bad = bad ? p >= 1 / opt.burst : p * (1 - share) * opt.burst < share;
		else
			bad = p < share;
		v[i].lost = bad;
		v[i].delay_us = (uint32_t)(1000 * (opt.delay_ms + jitter_ms(&jitter)));
		v[i].dup = unit(&dup) * 100 < opt.dup;
		if (unit(&late) * 100 < opt.reorder)
			v[i].delay_us += BEHIND_US;
	}
}

static void save_fates(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		exit(1);
	}
	for (size_t i = 0; i < FATES; i++)
		fprintf(f, "%d %u %d\n", fates[0][i].lost, fates[0][i].delay_us, fates[0][i].dup);
	if (fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* A short file is repeated. */
static void load_fates(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	unsigned lost, delay, dup;

	if (!f) {
		perror(path);
		exit(2);
	}
	while (n < FATES && fscanf(f, "%u %u %u", &lost, &delay, &dup) == 3)
		fates[0][n++] = (struct fate){lost, dup, delay};
	fclose(f);
	if (!n) {
		fprintf(stderr, "%s: no fates\n", path);
		exit(2);
	}
	for (size_t i = n; i < FATES; i++)
		fates[0][i] = fates[0][i - n];
	memcpy(fates[1], fates[0], sizeof(fates[0]));
}

/* ------------------------------------------------------------------ packets on their way */

static void push(struct packet *p)
{
	size_t i = queued++;

	for (; i && queue[(i - 1) / 2]->us > p->us; i = (i - 1) / 2)
		queue[i] = queue[(i - 1) / 2];
	queue[i] = p;
}

static struct packet *pop(void)
{
	struct packet *first = queue[0], *last = queue[--queued];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < queued) {
		if (k + 1 < queued && queue[k + 1]->us < queue[k]->us)
			k++;
		if (queue[k]->us >= last->us)
			break;
		queue[i] = queue[k];
		i = k;
	}
	queue[i] = last;
	return first;
}

static void put(int fd, const struct sockaddr_in *to, const uint8_t *b, size_t l, uint64_t us)
{
	struct packet *p = queued < QUEUE_MAX ? malloc(sizeof(*p)) : NULL;

	if (!p)
		return;
	p->us = us;
	p->fd = fd;
	p->to = *to;
	p->l = l;
	memcpy(p->p, b, l);
	push(p);
}

static bool is_rtp(const uint8_t *p, size_t l)
{
	return l >= 12 && p[0] >> 6 == 2 && ((p[1] & 0x7f) < 64 || (p[1] & 0x7f) > 95);
}

static void impair(int fd, struct port *pt, unsigned dir, const uint8_t *b, size_t l)
{
	const struct sockaddr_in *to = dir ? &pt->client : &pt->target;
	struct flow *fl = &pt->flow[dir];
	uint64_t us = now_us();

	if (!is_rtp(b, l) || (dir && opt.one_way)) {
		sendto(fd, b, l, 0, (const struct sockaddr *)to, sizeof(*to));
		return;
	}
	const struct fate *f = &fates[dir][fl->n++ % FATES];
	if (f->lost)
		return;
	if (opt.kbit) {
		uint64_t from = fl->busy_us > us ? fl->busy_us : us;
		if (from - us > RATE_QUEUE_US)
			return;
		us = fl->busy_us = from + (l + 28) * 8000 / opt.kbit;
	}
	us += f->delay_us;
	if (opt.ordered && us < fl->last_us)
		us = fl->last_us;
	fl->last_us = us;
	put(fd, to, b, l, us);
	if (f->dup)
		put(fd, to, b, l, us + 1000);
}

static void receive(size_t i)
{
	uint8_t b[PACKET_MAX];
	struct sockaddr_in from;
	socklen_t sl = sizeof(from);
	struct port *pt = &ports[i];
	ssize_t n = recvfrom(fds[i].fd, b, sizeof(b), MSG_DONTWAIT, (struct sockaddr *)&from, &sl);

	if (n < 0)
		return;
	if (from.sin_addr.s_addr == pt->target.sin_addr.s_addr && from.sin_port == pt->target.sin_port) {
		if (pt->known)
			impair(fds[i].fd, pt, 1, b, (size_t)n);
		return;
	}
	pt->client = from;
	pt->known = true;
	impair(fds[i].fd, pt, 0, b, (size_t)n);
}

static void send_due(void)
{
	while (queued && queue[0]->us <= now_us()) {
		struct packet *p = pop();
		sendto(p->fd, p->p, p->l, 0, (struct sockaddr *)&p->to, sizeof(p->to));
		free(p);
	}
}

static void run(void)
{
	uint64_t end = now_us() + opt.seconds * 1000000ULL, us;

	while (!stop && (us = now_us()) < end) {
		uint64_t until = queued && queue[0]->us < us + 200000 ? queue[0]->us : us + 200000;
		uint64_t left = until > us ? until - us : 0;
		struct timespec t = {(time_t)(left / 1000000), (long)(left % 1000000 * 1000)};

		if (ppoll(fds, nports, &t, NULL) > 0)
			for (size_t i = 0; i < nports; i++)
				if (fds[i].revents)
					receive(i);
		send_due();
	}
	while (queued)
		free(pop());
}

/* ------------------------------------------------------------------ command line */

static void add_ports(char *arg)
{
	char *eq = strchr(arg, '='), *lp = strchr(arg, ':'), *tp = eq ? strchr(eq, ':') : NULL, *dash;
	struct sockaddr_in a = {.sin_family = AF_INET}, t = {.sin_family = AF_INET};

	if (eq && lp && tp && lp < eq) {
		*eq = *lp = *tp = '\0';
		dash = strchr(lp + 1, '-');
		int from = atoi(lp + 1), to = dash ? atoi(dash + 1) : from, base = atoi(tp + 1);
		if (inet_pton(AF_INET, arg, &a.sin_addr) == 1 && inet_pton(AF_INET, eq + 1, &t.sin_addr) == 1) {
			for (; from > 0 && from <= to && nports < PORTS_MAX; from++, base++, nports++) {
				a.sin_port = htons((uint16_t)from);
				t.sin_port = htons((uint16_t)base);
				ports[nports].target = t;
				fds[nports] = (struct pollfd){socket(AF_INET, SOCK_DGRAM, 0), POLLIN, 0};
				if (bind(fds[nports].fd, (struct sockaddr *)&a, sizeof(a))) {
					perror("bind");
					exit(1);
				}
			}
			return;
		}
	}
	fprintf(stderr, "not LISTEN:PORT[-PORT]=TARGET:PORT: %s\n", arg);
	exit(2);
}

static enum shape shape_of(const char *s)
{
	if (strcmp(s, "uniform") == 0)
		return UNIFORM;
	if (strcmp(s, "normal") == 0)
		return NORMAL;
	if (strcmp(s, "gamma") == 0)
		return GAMMA;
	fprintf(stderr, "no such distribution: %s\n", s);
	exit(2);
}

int main(int argc, char **argv)
{
	const char *write_to = NULL, *read_from = NULL;
	int c;

	while ((c = getopt(argc, argv, "s:n:l:b:d:j:D:or:u:R:1t:T:")) != -1) {
		switch (c) {
		case 's':
			opt.seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			opt.seconds = (unsigned)atoi(optarg) % 3601;
			break;
		case 'l':
			opt.loss = atof(optarg);
			break;
		case 'b':
			opt.burst = atof(optarg);
			break;
		case 'd':
			opt.delay_ms = (unsigned)atoi(optarg);
			break;
		case 'j':
			opt.jitter_ms = (unsigned)atoi(optarg);
			break;
		case 'D':
			opt.shape = shape_of(optarg);
			break;
		case 'o':
			opt.ordered = true;
			break;
		case 'r':
			opt.reorder = atof(optarg);
			break;
		case 'u':
			opt.dup = atof(optarg);
			break;
		case 'R':
			opt.kbit = (unsigned)atoi(optarg);
			break;
		case '1':
			opt.one_way = true;
			break;
		case 't':
			write_to = optarg;
			break;
		case 'T':
			read_from = optarg;
			break;
		default:
			return 2;
		}
	}
	make_fates(fates[0], opt.seed);
	make_fates(fates[1], opt.seed + 1000003);
	if (read_from)
		load_fates(read_from);
	if (write_to) {
		save_fates(write_to);
		return 0;
	}
	for (; optind < argc; optind++)
		add_ports(argv[optind]);
	if (!nports) {
		fprintf(stderr, "usage: impair [options] LISTEN:PORT[-PORT]=TARGET:PORT ...\n");
		return 2;
	}
	signal(SIGTERM, stop_h);
	signal(SIGINT, stop_h);
	printf("ready\n");
	fflush(stdout);
	run();
	return 0;
}
