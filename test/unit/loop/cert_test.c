/*
 * cert_test.c - certificates: made, written, read, refused with a sentence, replaced while a server runs.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loop/cert_live.h"
#include "loop/vnet.h"
#include "unit.h"

static const int64_t y2020 = 1577836800, y2025 = 1735689600, y2099 = 4070908800;

static struct cert *make(const char *name, int64_t to)
{
	struct cert_make m = {.cn = name, .not_before = y2020, .not_after = to};
	struct cert *c;

	m.dns[m.ndns++] = name;
	m.addr[m.naddr++] = addr("192.0.2.1:0");
	m.addr[m.naddr++] = addr("[2001:db8::1]:0");
	assert_int_equal(cert_make(&c, &m), 0);
	return c;
}

struct dir {
	char path[40], tls[60], cert[80], key[80];
};

static void dir_make(struct dir *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/cert_test_XXXXXX");
	assert_non_null(mkdtemp(d->path));
	snprintf(d->tls, sizeof(d->tls), "%s/tls", d->path);
	snprintf(d->cert, sizeof(d->cert), "%s/cert.pem", d->tls);
	snprintf(d->key, sizeof(d->key), "%s/key.pem", d->tls);
}

static void dir_remove(struct dir *d)
{
	unlink(d->cert);
	unlink(d->key);
	rmdir(d->tls);
	assert_int_equal(rmdir(d->path), 0);
}

static void join(const char *name, void *arg)
{
	buf_printf(arg, "%s ", name);
}

static void test_info(void **state)
{
	struct cert *c = make("pbx.example", y2025);
	struct cert_info i;
	struct buf b;
	char day[11];

	(void)state;
	buf_init(&b);
	cert_info(c, &i);
	assert_string_equal(i.subject, "CN = pbx.example");
	assert_string_equal(i.issuer, "CN = pbx.example");
	assert_string_equal(i.key, "EC 256 bits");
	assert_int_equal(strlen(i.fingerprint), 95);
	assert_true(i.self_signed);
	assert_true(i.not_before == y2020 && i.not_after == y2025);
	assert_string_equal(cert_date(y2025, day), "2025-01-01");
	cert_names(c, join, &b);
	assert_true(slice_eqs(buf_get(&b), "DNS:pbx.example IP:192.0.2.1 IP:2001:db8::1 "));
	buf_reset(&b);
	assert_int_equal(cert_check_time(c, y2025 - 1, &b), 0);
	assert_int_equal(cert_check_time(c, y2025 + 1, &b), ETIMEDOUT);
	assert_true(slice_eqs(buf_get(&b), "The certificate expired on 2025-01-01."));
	buf_reset(&b);
	assert_int_equal(cert_check_time(c, y2020 - 1, &b), EAGAIN);
	buf_free(&b);
	mem_deref(c);
}

static void test_files(void **state)
{
	struct cert *a = make("a.example", y2099), *b = make("b.example", y2099), *r;
	struct cert_info i, k;
	struct stat st;
	struct buf why;
	struct dir d;

	(void)state;
	buf_init(&why);
	dir_make(&d);
	assert_int_equal(cert_load(&r, d.tls, &why), ENOENT);
	assert_int_equal(cert_save(a, d.tls, &why), 0);
	assert_int_equal(stat(d.key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(d.tls, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* written over, never mixed */
	assert_int_equal(cert_save(b, d.tls, &why), 0);
	buf_reset(&why);
	assert_int_equal(cert_load(&r, d.tls, &why), 0);
	cert_info(b, &i);
	cert_info(r, &k);
	assert_string_equal(i.fingerprint, k.fingerprint);
	mem_deref(r);
	/* a certificate without its key is a fault, not a first start */
	unlink(d.key);
	assert_int_equal(cert_load(&r, d.tls, &why), EINVAL);
	assert_non_null(memmem(why.p, why.l, "key.pem cannot be read: it is missing", 37));
	buf_free(&why);
	dir_remove(&d);
	mem_deref(a);
	mem_deref(b);
}

static void test_parse(void **state)
{
	struct cert *a = make("a.example", y2099), *b = make("b.example", y2099), *r;
	struct buf ca, ka, cb, kb, why;

	(void)state;
	buf_init(&ca);
	buf_init(&ka);
	buf_init(&cb);
	buf_init(&kb);
	buf_init(&why);
	assert_int_equal(cert_pem(a, &ca, &ka), 0);
	assert_int_equal(cert_pem(b, &cb, &kb), 0);
	const struct {
		struct slice cert, key;
		int err;
		const char *why;
	} t[] = {
		{buf_get(&ca), buf_get(&ka), 0, ""},
		{buf_get(&ca), buf_get(&kb), EINVAL, "The key does not belong to the certificate."},
		{buf_get(&ka), buf_get(&ka), ERR_SYNTAX, "There is no certificate"},
		{buf_get(&ca), buf_get(&ca), ERR_SYNTAX, "There is no private key"},
		{SLICE(""), SLICE(""), ERR_SYNTAX, "There is no certificate"},
		{SLICE("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), buf_get(&ka), ERR_SYNTAX, ""},
		{slice_first(buf_get(&ca), 200), buf_get(&ka), ERR_SYNTAX, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&why);
		r = NULL;
		assert_int_equal(cert_parse(&r, t[i].cert, t[i].key, &why), t[i].err);
		assert_true(slice_starts(buf_get(&why), slice_str(t[i].why)));
		mem_deref(r);
	}
	buf_free(&ca);
	buf_free(&ka);
	buf_free(&cb);
	buf_free(&kb);
	buf_free(&why);
	mem_deref(a);
	mem_deref(b);
}

struct live {
	int used, done, err;
	char why[200];
};

static void used_h(const struct cert *c, void *arg)
{
	(void)c;
	((struct live *)arg)->used++;
}

static void set_h(int err, const char *why, void *arg)
{
	struct live *l = arg;

	l->done++;
	l->err = err;
	snprintf(l->why, sizeof(l->why), "%s", why ? why : "");
}

/* Made at the first start, read at the next; replaced while it serves; what is wrong changes nothing. */
static void test_live(void **state)
{
	struct cert_make m = {.cn = "first.example", .not_before = y2020, .not_after = y2099};
	struct cert *next = make("next.example", y2099), *old = make("old.example", y2025);
	struct cert_live *l;
	struct live ev = {0};
	struct vnet *net;
	struct loop *loop;
	struct tls *tls;
	struct cert_info i;
	struct buf why, c, k;
	struct dir d;

	(void)state;
	buf_init(&why);
	buf_init(&c);
	buf_init(&k);
	dir_make(&d);
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&loop, net), 0);
	struct tls_cfg cfg = {.loop = loop, .no_system_ca = true};
	assert_int_equal(tls_alloc(&tls, &cfg, &why), 0);
	for (int start = 1; start <= 2; start++) {
		assert_int_equal(cert_live_alloc(&l, tls, d.tls, used_h, &ev), 0);
		assert_int_equal(cert_live_open(l, &m, &why), 0);
		assert_int_equal(ev.used, start);
		m.cn = "second.example"; /* is not made */
		cert_info(cert_live_now(l), &i);
		assert_string_equal(i.subject, "CN = first.example");
		if (start == 1)
			mem_deref(l);
	}
	assert_int_equal(cert_pem(old, &c, &k), 0);
	assert_int_equal(cert_live_set(l, buf_get(&c), buf_get(&k), set_h, &ev), 0);
	assert_int_equal(cert_live_set(l, buf_get(&c), buf_get(&k), set_h, &ev), EBUSY);
	assert_int_equal(ev.done, 0);
	vnet_run(net, 10);
	assert_int_equal(ev.done, 1);
	assert_int_equal(ev.err, ETIMEDOUT);
	assert_string_equal(ev.why, "The certificate expired on 2025-01-01.");
	buf_reset(&c);
	buf_reset(&k);
	assert_int_equal(cert_pem(next, &c, &k), 0);
	assert_int_equal(cert_live_set(l, buf_get(&c), buf_get(&k), set_h, &ev), 0);
	vnet_run(net, 10);
	assert_int_equal(ev.err, 0);
	assert_int_equal(ev.used, 3);
	cert_info(cert_live_now(l), &i);
	assert_string_equal(i.subject, "CN = next.example");
	struct cert *read;
	assert_int_equal(cert_load(&read, d.tls, &why), 0);
	cert_info(read, &i);
	assert_string_equal(i.subject, "CN = next.example");
	mem_deref(read);
	/* a directory that cannot be written to: the old one stays in use */
	unlink(d.cert);
	unlink(d.key);
	rmdir(d.tls);
	rmdir(d.path);
	assert_int_equal(cert_live_set(l, buf_get(&c), buf_get(&k), set_h, &ev), 0);
	vnet_run(net, 10);
	assert_int_equal(ev.done, 3);
	assert_int_equal(ev.err, ENOENT);
	assert_non_null(strstr(ev.why, "cannot be written"));
	assert_int_equal(ev.used, 3);
	/* the holder goes while one is being written */
	assert_int_equal(cert_live_set(l, buf_get(&c), buf_get(&k), set_h, &ev), 0);
	mem_deref(l);
	vnet_run(net, 10);
	assert_int_equal(ev.done, 3);
	mem_deref(tls);
	mem_deref(loop);
	mem_deref(net);
	buf_free(&why);
	buf_free(&c);
	buf_free(&k);
	mem_deref(next);
	mem_deref(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
