/*
 * locate_test.c - finding servers (RFC 3263 4): a table of zones and URIs, weights (RFC 2782), order of families,
 * memory of dead targets, name servers that fail, and the life of a lookup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/rand.h"
#include "loop/dns.h"
#include "loop/vnet.h"
#include "sip/locate.h"
#include "sip/sip_priv.h"

struct fix {
	struct vnet *net;
	struct loop *loop;
	struct sip *sip;
	struct sip_locate *l;
	size_t told;
	int err;
	char why[400], got[1024];
	struct sip_targets t;
	uint64_t at;
};

static struct sa addr(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), 5060), 0);
	return a;
}

static void listen_on(struct fix *f, enum sip_transp tp, const char *a)
{
	struct sa local = addr(a);

	assert_int_equal(sip_listen(f->sip, tp, &local), 0);
}

static void open_fix(struct fix *f)
{
	struct sip_cfg c = {0};

	memset(f, 0, sizeof(*f));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	c.loop = f->loop;
	assert_int_equal(sip_alloc(&f->sip, &c, NULL, NULL), 0);
	rand_seed(7);
}

static void close_fix(struct fix *f)
{
	rand_seed(0);
	mem_deref(f->l);
	mem_deref(f->sip);
	assert_int_equal(vnet_pending(f->net), 0);
	mem_deref(f->loop);
	mem_deref(f->net);
	assert_int_equal(mem_leaks(), 0);
}

static void zone(struct fix *f, const char *name, enum dns_type type, const char *rdata)
{
	assert_int_equal(vnet_dns_add(f->net, name, type, rdata, 300), 0);
}

static void located(int err, const char *why, const struct sip_targets *t, void *arg)
{
	static const char *const names[] = {"udp", "tcp", "tls"};
	struct fix *f = arg;
	char txt[SA_STRLEN];
	size_t at = 0;

	f->told++;
	f->err = err;
	f->t = *t;
	f->at = vnet_now_ms(f->net);
	assert_true((err != 0) == (why != NULL));
	assert_true((err != 0) == (t->n == 0));
	snprintf(f->why, sizeof(f->why), "%s", why ? why : "");
	f->got[0] = 0;
	for (size_t i = 0; i < t->n; i++)
		at += (size_t)snprintf(f->got + at, sizeof(f->got) - at, "%s%s %s", i ? ", " : "", names[t->v[i].tp],
				       sa_str(&t->v[i].addr, txt));
}

static void begin(struct fix *f, const char *uri, enum sip_transp tp)
{
	struct sip_locate_opts o = {.tp = tp};
	struct sip_uri u;

	assert_int_equal(sip_uri_decode(&u, slice_str(uri)), 0);
	f->l = mem_deref(f->l);
	f->told = 0;
	assert_int_equal(sip_locate(&f->l, f->sip, &u, &o, located, f), 0);
	assert_int_equal(f->told, 0);
}

static void find(struct fix *f, const char *uri)
{
	begin(f, uri, SIP_TRANSP_NONE);
	vnet_run(f->net, 20000);
	assert_int_equal(f->told, 1);
}

static void test_table(void **state)
{
	static const struct {
		const char *uri, *want;
	} t[] = {
		{"sip:10.1.1.1", "udp 10.1.1.1:5060"},
		{"sip:10.1.1.1:5070;transport=tcp", "tcp 10.1.1.1:5070"},
		{"sips:10.1.1.1", "tls 10.1.1.1:5061"},
		{"sip:[2001:db8::9]", "udp [2001:db8::9]:5060"},
		/* a port: no SRV */
		{"sip:full.example:5080", "udp 10.2.0.9:5080"},
		{"sip:full.example:5080;transport=tcp", "tcp 10.2.0.9:5080"},
		/* NAPTR says TCP before UDP; what we do not speak, and other services, are left out */
		{"sip:full.example", "tcp 10.2.0.1:5060, udp 10.2.0.2:5062"},
		{"sip:FULL.Example.", "tcp 10.2.0.1:5060, udp 10.2.0.2:5062"},
		{"sips:full.example", "tls 10.2.0.3:5061"},
		/* transport given: its SRV alone */
		{"sip:full.example;transport=udp", "udp 10.2.0.2:5062"},
		/* no NAPTR: SRV by guess */
		{"sip:srv.example", "tcp 10.3.0.1:5060, udp 10.3.0.2:5060, udp 10.3.0.3:5070"},
		/* no SRV: the name itself; families in turn */
		{"sip:plain.example", "udp [2001:db8::1]:5060, udp 10.4.0.1:5060, udp [2001:db8::2]:5060, "
				      "udp 10.4.0.2:5060"},
		{"sip:plain.example;transport=tls", "tls [2001:db8::1]:5061, tls 10.4.0.1:5061, "
						    "tls [2001:db8::2]:5061, tls 10.4.0.2:5061"},
		/* aliases, and one that leads in a circle */
		{"sip:alias.example:5060", "udp 10.2.0.9:5060"},
		{"sip:circle.example:5060", "no such host: circle.example"},
		{"sip:sip.exampel.com", "no such host: sip.exampel.com"},
		{"sip:none.example", "there is no SIP service at none.example"},
		/* the host behind the SRV does not exist */
		{"sip:lost.example", "no such host: lost.example"},
	};
	struct fix f;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	listen_on(&f, SIP_TRANSP_TCP, "10.0.0.1");
	listen_on(&f, SIP_TRANSP_UDP, "[2001:db8::100]:5060");
	zone(&f, "full.example", DNS_A, "10.2.0.9");
	zone(&f, "full.example", DNS_NAPTR, "20 10 \"s\" \"SIP+D2U\" \"\" _sip._udp.full.example");
	zone(&f, "full.example", DNS_NAPTR, "10 20 \"s\" \"SIP+D2T\" \"\" _sip._tcp.full.example");
	zone(&f, "full.example", DNS_NAPTR, "10 10 \"s\" \"SIPS+D2T\" \"\" _sips._tcp.full.example");
	zone(&f, "full.example", DNS_NAPTR, "5 10 \"s\" \"EMAIL+D2T\" \"\" _smtp._tcp.full.example");
	zone(&f, "full.example", DNS_NAPTR, "5 10 \"u\" \"SIP+D2U\" \"!^.*$!sip:x!\" .");
	zone(&f, "_sip._udp.full.example", DNS_SRV, "0 0 5062 two.full.example");
	zone(&f, "_sip._tcp.full.example", DNS_SRV, "0 0 5060 one.full.example");
	zone(&f, "_sips._tcp.full.example", DNS_SRV, "0 0 5061 three.full.example");
	zone(&f, "one.full.example", DNS_A, "10.2.0.1");
	zone(&f, "two.full.example", DNS_A, "10.2.0.2");
	zone(&f, "three.full.example", DNS_A, "10.2.0.3");
	zone(&f, "_sip._udp.srv.example", DNS_SRV, "20 1 5070 c.srv.example");
	zone(&f, "_sip._udp.srv.example", DNS_SRV, "10 1 5060 b.srv.example");
	zone(&f, "_sip._tcp.srv.example", DNS_SRV, "99 1 5060 a.srv.example");
	zone(&f, "a.srv.example", DNS_A, "10.3.0.1");
	zone(&f, "b.srv.example", DNS_A, "10.3.0.2");
	zone(&f, "c.srv.example", DNS_A, "10.3.0.3");
	zone(&f, "plain.example", DNS_A, "10.4.0.1");
	zone(&f, "plain.example", DNS_A, "10.4.0.2");
	zone(&f, "plain.example", DNS_AAAA, "2001:db8::1");
	zone(&f, "plain.example", DNS_AAAA, "2001:db8::2");
	zone(&f, "alias.example", DNS_CNAME, "Alias2.example");
	zone(&f, "alias2.example", DNS_CNAME, "full.example.");
	zone(&f, "circle.example", DNS_CNAME, "circle2.example");
	zone(&f, "circle2.example", DNS_CNAME, "circle.example");
	zone(&f, "_sip._udp.none.example", DNS_SRV, "0 0 0 .");
	zone(&f, "none.example", DNS_A, "10.9.9.9");
	zone(&f, "_sip._udp.lost.example", DNS_SRV, "0 0 5060 nowhere.example");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		find(&f, t[i].uri);
		if (strcmp(f.err ? f.why : f.got, t[i].want) != 0)
			fail_msg("%s: got %s, want %s", t[i].uri, f.err ? f.why : f.got, t[i].want);
	}
	close_fix(&f);
}

static void test_refused(void **state)
{
	static const char *const uris[] = {"tel:+4930", "sips:a.example;transport=udp", "sip:a.example;transport=ws"};
	struct sip_uri u;
	struct fix f;

	(void)state;
	open_fix(&f);
	for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
		assert_int_equal(sip_uri_decode(&u, slice_str(uris[i])), 0);
		assert_int_equal(sip_locate(&f.l, f.sip, &u, NULL, located, &f), ENOTSUP);
	}
	/* IPv4 alone: an IPv6 address is out of reach */
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	find(&f, "sip:[2001:db8::9]");
	assert_int_equal(f.err, ENOTSUP);
	close_fix(&f);
}

static void test_family_without_listener(void **state)
{
	struct fix f;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	zone(&f, "a.example", DNS_AAAA, "2001:db8::1");
	zone(&f, "a.example", DNS_A, "10.1.0.1");
	find(&f, "sip:a.example");
	assert_string_equal(f.got, "udp 10.1.0.1:5060");
	close_fix(&f);
}

/* RFC 2782: of 4000 drawings each server gets its share, the one without weight almost nothing but not nothing. */
static void test_weights(void **state)
{
	size_t first[3] = {0};
	struct fix f;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	zone(&f, "_sip._udp.w.example", DNS_SRV, "1 60 5060 a.w.example");
	zone(&f, "_sip._udp.w.example", DNS_SRV, "1 20 5060 b.w.example");
	zone(&f, "_sip._udp.w.example", DNS_SRV, "1 0 5060 c.w.example");
	zone(&f, "a.w.example", DNS_A, "10.0.1.0");
	zone(&f, "b.w.example", DNS_A, "10.0.1.1");
	zone(&f, "c.w.example", DNS_A, "10.0.1.2");
	for (int i = 0; i < 4000; i++) {
		begin(&f, "sip:w.example", SIP_TRANSP_NONE);
		vnet_run(f.net, 1);
		assert_int_equal(f.told, 1);
		assert_int_equal(f.t.n, 3);
		first[f.t.v[0].addr.u.in.sin_addr.s_addr >> 24]++;
	}
	assert_in_range(first[0], 2800, 3150);
	assert_in_range(first[1], 850, 1150);
	assert_in_range(first[2], 10, 120);
	close_fix(&f);
}

static void test_dead_last(void **state)
{
	struct sip_dest d = {.tp = SIP_TRANSP_UDP, .addr = addr("10.1.0.1")};
	struct fix f;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	zone(&f, "a.example", DNS_A, "10.1.0.1");
	zone(&f, "a.example", DNS_A, "10.1.0.2");
	find(&f, "sip:a.example");
	assert_string_equal(f.got, "udp 10.1.0.1:5060, udp 10.1.0.2:5060");
	sip_target_dead(f.sip, &d, 0);
	assert_true(sip_target_is_dead(f.sip, &d));
	find(&f, "sip:a.example");
	assert_string_equal(f.got, "udp 10.1.0.2:5060, udp 10.1.0.1:5060");
	/* another transport is another target */
	d.tp = SIP_TRANSP_TCP;
	assert_false(sip_target_is_dead(f.sip, &d));
	d.tp = SIP_TRANSP_UDP;
	sip_target_alive(f.sip, &d);
	find(&f, "sip:a.example");
	assert_string_equal(f.got, "udp 10.1.0.1:5060, udp 10.1.0.2:5060");
	close_fix(&f);
}

/* 60 s, 120, 240, 480, then 600 each time; being told twice about one failure does not count; peace forgets. */
static void test_dead_doubles(void **state)
{
	static const uint32_t want_s[] = {60, 120, 240, 480, 600, 600};
	struct sip_dest d = {.tp = SIP_TRANSP_UDP, .addr = addr("10.1.0.1")};
	struct fix f;

	(void)state;
	open_fix(&f);
	for (size_t i = 0; i < ARRAY_LEN(want_s); i++) {
		sip_target_dead(f.sip, &d, 0);
		sip_target_dead(f.sip, &d, 0);
		vnet_run(f.net, 1000ULL * want_s[i] - 1);
		assert_true(sip_target_is_dead(f.sip, &d));
		vnet_run(f.net, 1);
		assert_false(sip_target_is_dead(f.sip, &d));
	}
	vnet_run(f.net, 700000);
	sip_target_dead(f.sip, &d, 5000);
	vnet_run(f.net, 5000);
	assert_false(sip_target_is_dead(f.sip, &d));
	/* the table is bounded: a crowd does no harm */
	for (uint16_t p = 1; p < 5000; p++) {
		sa_set_port(&d.addr, p);
		sip_target_dead(f.sip, &d, 0);
	}
	assert_true(sip_target_is_dead(f.sip, &d));
	close_fix(&f);
}

static void test_silent_servers(void **state)
{
	struct fix f;
	uint64_t from;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	zone(&f, "a.example", DNS_A, "10.1.0.1");
	vnet_dns_fail(f.net, VNET_DNS_SILENT, 0);
	from = vnet_now_ms(f.net);
	find(&f, "sip:a.example");
	assert_int_equal(f.err, ETIMEDOUT);
	assert_string_equal(f.why, "the name servers do not answer; they were asked for a.example");
	assert_int_equal(f.at - from, 5000);
	vnet_dns_fail(f.net, VNET_DNS_REFUSE, 0);
	find(&f, "sip:b.example");
	assert_int_equal(f.err, ETIMEDOUT);
	assert_string_equal(f.why, "the name servers cannot tell where to find b.example");
	/* an address needs no name servers */
	find(&f, "sip:10.1.1.1");
	assert_string_equal(f.got, "udp 10.1.1.1:5060");
	vnet_dns_fail(f.net, VNET_DNS_OK, 700);
	from = vnet_now_ms(f.net);
	find(&f, "sip:a.example");
	assert_string_equal(f.got, "udp 10.1.0.1:5060");
	assert_int_equal(f.at - from, 1400);
	close_fix(&f);
}

/* A thousand records at one name: no more than the limit is taken, and nothing else happens. */
static void test_many(void **state)
{
	char name[64], ip[32];
	struct fix f;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d 0 5060 h%d.example", i % 7, i);
		zone(&f, "_sip._udp.many.example", DNS_SRV, name);
		snprintf(name, sizeof(name), "h%d.example", i);
		snprintf(ip, sizeof(ip), "10.7.%d.%d", i / 250, i % 250 + 1);
		zone(&f, name, DNS_A, ip);
	}
	find(&f, "sip:many.example");
	assert_int_equal(f.t.n, SIP_TARGETS_MAX);
	close_fix(&f);
}

static void test_life(void **state)
{
	struct fix f;

	(void)state;
	open_fix(&f);
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	zone(&f, "a.example", DNS_A, "10.1.0.1");
	/* given up: nothing is told */
	begin(&f, "sip:a.example", SIP_TRANSP_NONE);
	f.l = mem_deref(f.l);
	vnet_run(f.net, 10000);
	assert_int_equal(f.told, 0);
	/* the stack ends first */
	begin(&f, "sip:a.example", SIP_TRANSP_NONE);
	f.sip = mem_deref(f.sip);
	vnet_run(f.net, 10000);
	assert_int_equal(f.told, 0);
	close_fix(&f);
}

static void test_host_names(void **state)
{
	struct fix f;
	uint16_t a, b;

	(void)state;
	open_fix(&f);
	a = sip_host_intern(f.sip, SLICE("sip.example.com"));
	b = sip_host_intern(f.sip, SLICE("other.example.com"));
	assert_int_not_equal(a, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(sip_host_intern(f.sip, SLICE("SIP.example.COM")), a);
	assert_true(slice_eqs(sip_host_name(f.sip, b), "other.example.com"));
	assert_int_equal(sip_host_name(f.sip, 0).l, 0);
	assert_int_equal(sip_host_name(f.sip, 999).l, 0);
	/* RFC 5922: the name of the URI, not the one behind the records */
	listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
	zone(&f, "_sips._tcp.example.com", DNS_SRV, "0 0 5061 h.example.net");
	zone(&f, "h.example.net", DNS_A, "10.1.0.1");
	find(&f, "sips:Example.com");
	assert_string_equal(f.got, "tls 10.1.0.1:5061");
	assert_true(slice_ieqs(sip_host_name(f.sip, f.t.v[0].host), "example.com"));
	close_fix(&f);
}

#ifdef OH_DEBUG
static void test_out_of_memory(void **state)
{
	(void)state;
	for (long n = 0;; n++) {
		struct sip_uri u;
		struct fix f;
		long asked;
		int err;

		assert_true(n < 500);
		open_fix(&f);
		listen_on(&f, SIP_TRANSP_UDP, "10.0.0.1");
		zone(&f, "_sip._udp.a.example", DNS_SRV, "0 0 5060 h.a.example");
		zone(&f, "h.a.example", DNS_A, "10.1.0.1");
		assert_int_equal(sip_uri_decode(&u, SLICE("sip:a.example")), 0);
		mem_fail_at(n);
		err = sip_locate(&f.l, f.sip, &u, NULL, located, &f);
		vnet_run(f.net, 20000);
		asked = mem_fail_off();
		vnet_run(f.net, 20000);
		assert_int_equal(f.told, err ? 0 : 1);
		f.l = err ? NULL : f.l;
		find(&f, "sip:a.example");
		assert_string_equal(f.got, "udp 10.1.0.1:5060");
		close_fix(&f);
		if (asked <= n)
			return;
	}
}

#endif
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),          cmocka_unit_test(test_refused),
		cmocka_unit_test(test_weights),        cmocka_unit_test(test_family_without_listener),
		cmocka_unit_test(test_dead_last),      cmocka_unit_test(test_dead_doubles),
		cmocka_unit_test(test_silent_servers), cmocka_unit_test(test_many),
		cmocka_unit_test(test_life),           cmocka_unit_test(test_host_names),
#ifdef OH_DEBUG
		cmocka_unit_test(test_out_of_memory),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
