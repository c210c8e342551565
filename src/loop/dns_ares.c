/*
 * dns_ares.c - asking real name servers by c-ares: its sockets are watched by our poller, its time-outs sit in our
 * wheel. Servers come from /etc/resolv.conf; when none of them answers and that file has changed, it is read again.
 */
#include <ares.h>
#include "base/log.h"
#include "loop/dns_priv.h"

enum {
	TRIES = 2,
	SOCKETS_MAX = 64,  /* a few servers, UDP and TCP each */
	REREAD_MS = 10000, /* between looks at /etc/resolv.conf */
	CLASS_IN = 1
};
static const char resolv_conf[] = "/etc/resolv.conf";

/* A socket of c-ares. */
struct dns_sock {
	struct link le;
	struct watch w;
	struct dns *dns;
};

struct dns_ares_state {
	ares_channel ch;
	struct list socks;
	struct timer tmr;
	bool fixed; /* the servers were given */
	bool ended;
	struct dns_file file; /* resolv.conf as we read it */
	uint64_t looked;
};

static void set_timer(struct dns *d);

/* ---- sockets and time ---- */

static void on_ready(void *arg, unsigned ev)
{
	struct dns_sock *s = arg;
	struct dns *d = s->dns;
	int fd = s->w.fd;

	/* it may close this very socket */
	ares_process_fd(d->ares->ch, ev & WATCH_READ ? fd : ARES_SOCKET_BAD, ev & WATCH_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(d);
}

static void on_timer(void *arg)
{
	struct dns *d = arg;

	ares_process_fd(d->ares->ch, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(d);
}

static void set_timer(struct dns *d)
{
	struct timeval tv, *t = ares_timeout(d->ares->ch, NULL, &tv);

	if (t)
		timer_start(&d->ares->tmr, d->loop, (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000 + 1,
			    on_timer, d);
	else
		timer_stop(&d->ares->tmr);
}

static struct dns_sock *sock_of(struct dns *d, int fd)
{
	LIST_EACH (&d->ares->socks, k) {
		struct dns_sock *s = LINK_OBJ(k, struct dns_sock, le);

		if (s->w.fd == fd)
			return s;
	}
	return NULL;
}

static void sock_close(struct dns_sock *s)
{
	list_unlink(&s->le);
	watch_stop(&s->w);
	mem_deref(s);
}

/* What c-ares wants to know of a socket; nothing at all when it closes it. A socket without a watch is a lost question:
 * it times out. */
static void on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *d = arg;
	struct dns_sock *s = sock_of(d, fd);
	unsigned ev = (readable ? WATCH_READ : 0) | (writable ? WATCH_WRITE : 0);

	if (!ev) {
		if (s)
			sock_close(s);
		return;
	}
	if (s) {
		watch_change(&s->w, ev);
		return;
	}
	s = d->ares->socks.n < SOCKETS_MAX ? mem_zalloc(sizeof(*s), NULL) : NULL;
	if (!s)
		return;
	s->dns = d;
	s->w.fn = on_ready;
	s->w.arg = s;
	if (watch_start(&s->w, d->loop->poll, fd, ev)) {
		mem_deref(s);
		return;
	}
	list_append(&d->ares->socks, &s->le);
}

/* ---- questions and answers ---- */

static int err_of(int status)
{
	switch (status) {
	case ARES_ENOMEM:
		return ENOMEM;
	case ARES_ETIMEOUT:
	case ARES_EDESTRUCTION:
	case ARES_ECANCELLED:
		return ETIMEDOUT;
	default:
		return EIO;
	}
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *abuf, int alen)
{
	struct dns_pending *p = arg;
	struct dns_set *set = NULL;
	int err = err_of(status);

	(void)timeouts;
	if (p->dns->ares->ended)
		return;
	if (abuf && alen > 0) {
		err = dns_msg_decode(&set, slice_mem(abuf, (size_t)alen), p->key.type);
		if (err && err != ENOMEM)
			err = EIO;
	}
	dns_answered(p, err, set);
}

/* A name without a dot is one of the neighbourhood: the search list of resolv.conf goes with it. */
static void ask(struct dns_pending *p)
{
	ares_channel ch = p->dns->ares->ch;
	bool local = (p->key.type == DNS_A || p->key.type == DNS_AAAA) && slice_chr(slice_str(p->key.name), '.') < 0;

	if (local)
		ares_search(ch, p->key.name, CLASS_IN, (int)p->key.type, on_answer, p);
	else
		ares_query(ch, p->key.name, CLASS_IN, (int)p->key.type, on_answer, p);
}

static int channel_open(struct dns *d, const char *servers)
{
	struct ares_options o = {
		.timeout = (int)d->try_ms, .tries = TRIES, .sock_state_cb = on_sock_state, .sock_state_cb_data = d};
	int err;

	(void)dns_file_changed(&d->ares->file, resolv_conf);
	err = ares_init_options(&d->ares->ch, &o, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (err != ARES_SUCCESS) {
		d->ares->ch = NULL;
		return err == ARES_ENOMEM ? ENOMEM : EIO;
	}
	if (!servers)
		return 0;
	return ares_set_servers_ports_csv(d->ares->ch, servers) == ARES_SUCCESS ? 0 : ERR_SYNTAX;
}

/* The machine may have got its network, and with it its name servers, after us. */
static void look_again(struct dns *d)
{
	struct dns_ares_state *a = d->ares;
	uint64_t now = loop_now_ms(d->loop);
	ares_channel fresh;

	if (a->fixed || !d->dead || now - a->looked < REREAD_MS)
		return;
	a->looked = now;
	if (!dns_file_changed(&a->file, resolv_conf) || ares_init(&fresh) != ARES_SUCCESS)
		return;
	struct ares_addr_port_node *servers = NULL;
	if (ares_get_servers_ports(fresh, &servers) == ARES_SUCCESS) {
		/* refused while questions are on their way; they end soon, and we come back */
		if (ares_set_servers_ports(a->ch, servers) == ARES_SUCCESS)
			log_info("dns", "the name servers of %s are taken over", resolv_conf);
		else
			a->file.ino = 0;
		ares_free_data(servers);
	}
	ares_destroy(fresh);
}

static int ares_ask(struct dns *d, struct dns_pending *p)
{
	look_again(d);
	ask(p);
	set_timer(d);
	return 0;
}

static void ares_close(struct dns *d)
{
	struct dns_ares_state *a = d->ares;

	if (!a)
		return;
	a->ended = true;
	if (a->ch)
		ares_destroy(a->ch);
	while (a->socks.head)
		sock_close(LINK_OBJ(a->socks.head, struct dns_sock, le));
	timer_stop(&a->tmr);
	d->ares = mem_deref(a);
	ares_library_cleanup();
}

const struct dns_source dns_ares = {ares_ask, ares_close};

int dns_ares_open(struct dns *d, const struct dns_cfg *cfg)
{
	bool fixed = cfg->servers && *cfg->servers;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return ENOMEM;
	d->src = &dns_ares;
	d->ares = mem_zalloc(sizeof(*d->ares), NULL);
	if (!d->ares) {
		ares_library_cleanup();
		return ENOMEM;
	}
	d->ares->fixed = fixed;
	return channel_open(d, fixed ? cfg->servers : NULL);
}
