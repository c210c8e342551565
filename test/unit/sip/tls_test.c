/*
 * tls_test.c - TLS as a transport of SIP: whom we send to, by which connection, what our Via and Contact say, and why
 * it did not work (RFC 3261 26.2, RFC 5630, RFC 5922, RFC 5923).
 */
#include <unistd.h>
#include "fix.h"

/* A stack that shows "sip.example" and asks clients; servers at a and b that show what a test wants. */
struct world {
	struct fix f;
	struct cert *ca, *ours, *theirs;
	char dir[40], ca_path[64];
};

static void world_open(struct world *w, const char *peer_name)
{
	struct buf why;

	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/sip_tls_XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->ca_path, sizeof(w->ca_path), "%s/cert.pem", w->dir);
	w->ca = fix_cert("Test CA", true, NULL);
	w->ours = fix_cert("sip.example", false, w->ca);
	w->theirs = fix_cert(peer_name, false, w->ca);
	buf_init(&why);
	assert_int_equal(cert_save(w->ca, w->dir, &why), 0);
	buf_free(&why);
	fix_open(&w->f);
	w->f.tls = fix_context(w->f.loop, w->ours, w->ca, w->ca_path);
	w->f.peer_tls = fix_context(w->f.loop, w->theirs, w->ca, NULL);
	fix_listen_tls(&w->f);
}

static void world_close(struct world *w)
{
	char key[64];

	fix_close(&w->f);
	mem_deref(w->ca);
	mem_deref(w->ours);
	mem_deref(w->theirs);
	snprintf(key, sizeof(key), "%s/key.pem", w->dir);
	unlink(key);
	unlink(w->ca_path);
	rmdir(w->dir);
}

static void listen_at(struct peer *p, uint16_t port)
{
	struct sa at = p->addr;

	sa_set_port(&at, port);
	assert_int_equal(tls_listen(&p->listener, p->f->peer_tls, &at, peer_accept_h, p), 0);
}

static struct sip_dest to_peer(struct world *w, const struct peer *p, const char *name, bool any)
{
	struct sip_dest d = {.tp = SIP_TRANSP_TLS, .addr = p->addr, .tls_any = any};

	sa_set_port(&d.addr, 5061);
	d.host = sip_host_intern(w->f.sip, slice_str(name));
	return d;
}

static int options_to(struct world *w, const struct sip_dest *d)
{
	struct sip_request r = {
		.m = SIP_OPTIONS,
		.dest = *d,
		.uri = SLICE("sip:provider.example"),
		.hdrs = SLICE("From: <sip:x>;tag=1\r\nTo: <sip:y>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n")};
	int err = sip_request(NULL, w->f.sip, &r, &fix_ctrans_ops, &w->f);

	fix_run(&w->f, 100);
	return err;
}

static void verified_and_well_named(void **state)
{
	struct world w;
	struct sip_dest d;

	(void)state;
	world_open(&w, "provider.example");
	listen_at(&w.f.a, 5061);
	d = to_peer(&w, &w.f.a, "provider.example", false);
	assert_int_equal(options_to(&w, &d), 0);
	assert_int_equal(w.f.a.n, 1);
	assert_has(&w.f.a.v[0], "Via: SIP/2.0/TLS 10.0.0.1:5061;rport;alias;branch=");
	assert_null(sip_tls_why(w.f.sip, &d));
	/* the answer finds its request */
	char via[512], txt[1024];
	heard_hdr(&w.f.a.v[0], "Via", via);
	snprintf(txt, sizeof(txt),
		 "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: <sip:x>;tag=1\r\nTo: <sip:y>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 "
		 "OPTIONS\r\nContent-Length: 0\r\n\r\n",
		 via);
	peer_stream(&w.f.a, txt);
	assert_int_equal(w.f.scode, 200);
	/* the same connection serves the same name again, and nobody else's */
	assert_int_equal(options_to(&w, &d), 0);
	assert_int_equal(w.f.sip->streams.n, 1);
	d = to_peer(&w, &w.f.a, "PROVIDER.example", false);
	assert_int_equal(options_to(&w, &d), 0);
	assert_int_equal(w.f.sip->streams.n, 1);
	world_close(&w);
}

/* Who wants more than a connection proved gets one of its own; who wants less takes it. */
static void reuse_asks_for_the_name(void **state)
{
	struct world w;
	struct sip_dest any, right, wrong;

	(void)state;
	world_open(&w, "provider.example");
	listen_at(&w.f.a, 5061);
	right = to_peer(&w, &w.f.a, "provider.example", false);
	wrong = to_peer(&w, &w.f.a, "other.example", false);
	any = to_peer(&w, &w.f.a, "other.example", true);
	assert_int_equal(options_to(&w, &any), 0);
	assert_int_equal(w.f.sip->streams.n, 1);
	/* the peer of this fixture closes its old connection when a new one comes */
	assert_int_equal(options_to(&w, &right), 0);
	assert_int_equal(w.f.flows_closed, 1);
	assert_int_equal(w.f.sip->streams.n, 1);
	assert_int_equal(options_to(&w, &any), 0);
	assert_int_equal(w.f.flows_closed, 1);
	assert_int_equal(w.f.failed, 1); /* what waited on the first */
	assert_int_equal(options_to(&w, &wrong), 0);
	assert_int_equal(w.f.failed, 2);
	assert_int_equal(w.f.failed_err, EPROTO);
	assert_string_equal(sip_tls_why(w.f.sip, &wrong),
			    "The certificate is for provider.example, not other.example.");
	assert_null(sip_tls_why(w.f.sip, &right));
	world_close(&w);
}

/* The reason is remembered until it works. */
static void why_until_it_works(void **state)
{
	struct world w;
	struct cert *late;
	struct sip_dest d;

	(void)state;
	world_open(&w, "wrong.example");
	listen_at(&w.f.a, 5061);
	d = to_peer(&w, &w.f.a, "provider.example", false);
	assert_int_equal(options_to(&w, &d), 0);
	assert_int_equal(w.f.failed, 1);
	assert_int_equal(w.f.failed_err, EPROTO);
	assert_non_null(strstr(sip_tls_why(w.f.sip, &d), "is for wrong.example"));
	/* many others fail too: it is forgotten by and by, and nothing grows */
	for (unsigned i = 0; i < 2 * SIP_TLS_WHYS; i++) {
		struct sa a = fix_sa("10.9.9.9", (uint16_t)(1000 + i));
		sip_tls_why_set(w.f.sip, &a, 0, "because");
	}
	assert_null(sip_tls_why(w.f.sip, &d));
	assert_int_equal(options_to(&w, &d), 0);
	assert_non_null(sip_tls_why(w.f.sip, &d));
	late = fix_cert("provider.example", false, w.ca);
	assert_int_equal(tls_set_cert(w.f.peer_tls, late), 0);
	assert_int_equal(options_to(&w, &d), 0);
	assert_null(sip_tls_why(w.f.sip, &d));
	assert_int_equal(w.f.failed, 2);
	mem_deref(late);
	world_close(&w);
}

/* RFC 5923 8, 9: a peer that proved its name and says alias is called back by the connection that it made. */
static void alias_of_a_proven_peer(void **state)
{
	static const struct {
		const char *via;
		bool reused;
	} t[] = {
		{"SIP/2.0/TLS provider.example:5061;alias", true},
		{"SIP/2.0/TLS provider.example;alias", true},
		{"SIP/2.0/TLS provider.example:5061", false},
		{"SIP/2.0/TLS other.example:5061;alias", false}, /* not proved */
		{"SIP/2.0/TLS provider.example:5099;alias", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct world w;
		struct sip_dest d;

		world_open(&w, "provider.example");
		fix_tls = true;
		peer_connect(&w.f.a);
		fix_tls = false;
		w.f.answer = 200;
		peer_stream(&w.f.a, REQ("REGISTER", .via = t[i].via));
		assert_code(&w.f.a, 200);
		d = to_peer(&w, &w.f.a, "provider.example", false);
		size_t n = w.f.a.n;
		(void)options_to(&w, &d);
		assert_int_equal(w.f.a.n - n, t[i].reused);
		world_close(&w);
	}
}

/* A phone without certificate may say alias as it likes. */
static void alias_of_a_stranger(void **state)
{
	struct world w;
	struct sip_dest d;

	(void)state;
	world_open(&w, "provider.example");
	mem_deref(w.f.peer_tls);
	w.f.peer_tls = fix_context(w.f.loop, NULL, NULL, NULL);
	fix_tls = true;
	peer_connect(&w.f.a);
	fix_tls = false;
	w.f.answer = 200;
	peer_stream(&w.f.a, REQ("REGISTER", .via = "SIP/2.0/TLS provider.example:5061;alias"));
	d = to_peer(&w, &w.f.a, "provider.example", false);
	size_t n = w.f.a.n;
	(void)options_to(&w, &d);
	assert_int_equal(w.f.a.n, n);
	/* but the flow of its registration is the way to it, whatever name is asked for */
	d.flow = 1;
	(void)options_to(&w, &d);
	assert_int_equal(w.f.a.n, n + 1);
	world_close(&w);
}

static void contacts(void **state)
{
	struct world w;
	struct sip_dest d;
	struct buf b;

	(void)state;
	world_open(&w, "provider.example");
	d = to_peer(&w, &w.f.a, "", false);
	buf_init(&b);
	assert_int_equal(sip_enc_contact(&b, w.f.sip, &d, SLICE("100")), 0);
	assert_true(slice_eqs(buf_get(&b), "<sip:100@10.0.0.1:5061;transport=tls>"));
	/* RFC 5630 5.1.1.1: transport=tls is not said beside sips */
	buf_reset(&b);
	d.sips = true;
	assert_int_equal(sip_enc_contact(&b, w.f.sip, &d, SLICE("100")), 0);
	assert_true(slice_eqs(buf_get(&b), "<sips:100@10.0.0.1:5061>"));
	/* what goes without TLS is never called sips */
	buf_reset(&b);
	d.tp = SIP_TRANSP_TCP;
	assert_int_equal(sip_enc_contact(&b, w.f.sip, &d, SLICE("100")), 0);
	assert_true(slice_eqs(buf_get(&b), "<sip:100@10.0.0.1;transport=tcp>") ||
		    slice_eqs(buf_get(&b), "<sip:100@10.0.0.1:5060;transport=tcp>"));
	buf_free(&b);
	world_close(&w);
}

/* Without TLS there is no listener and no way out. */
static void without_tls(void **state)
{
	struct fix f;
	struct sip_dest d = {.tp = SIP_TRANSP_TLS, .addr = fix_sa("10.0.0.2", 5061)};
	struct sa at = fix_sa("10.0.0.1", 5061);

	(void)state;
	fix_open(&f);
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_TLS, &at), ENOTSUP);
	assert_int_equal(sip_local_for(f.sip, &d, &at), EADDRNOTAVAIL);
	fix_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verified_and_well_named),
		cmocka_unit_test(reuse_asks_for_the_name),
		cmocka_unit_test(why_until_it_works),
		cmocka_unit_test(alias_of_a_proven_peer),
		cmocka_unit_test(alias_of_a_stranger),
		cmocka_unit_test(contacts),
		cmocka_unit_test(without_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
