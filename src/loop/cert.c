/*
 * cert.c - certificates: making (RFC 5280, EC P-256), PEM text and files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/rand.h"
#include "loop/cert_priv.h"

static void cert_destroy(void *obj)
{
	struct cert *c = obj;

	X509_free(c->x);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->chain, X509_free);
}

int cert_new(struct cert **cp, X509 *x, EVP_PKEY *key, STACK_OF(X509) * chain)
{
	struct cert *c = mem_zalloc(sizeof(*c), cert_destroy);

	if (!c) {
		X509_free(x);
		EVP_PKEY_free(key);
		sk_X509_pop_free(chain, X509_free);
		return ENOMEM;
	}
	c->x = x;
	c->key = key;
	c->chain = chain;
	*cp = c;
	return 0;
}

/* ------------------------------------------------------------------ making */

static bool add_ext(X509 *x, const X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool push_text(GENERAL_NAMES *v, int type, const char *text)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	if (!g || !s || !ASN1_STRING_set(s, text, -1)) {
		GENERAL_NAME_free(g);
		ASN1_IA5STRING_free(s);
		return false;
	}
	GENERAL_NAME_set0_value(g, type, s);
	if (sk_GENERAL_NAME_push(v, g) > 0)
		return true;
	GENERAL_NAME_free(g);
	return false;
}

static bool push_addr(GENERAL_NAMES *v, const struct sa *a)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	bool v6 = sa_af(a) == AF_INET6;
	const void *p = v6 ? (const void *)&a->u.in6.sin6_addr : (const void *)&a->u.in.sin_addr;

	if (!g || !s || !ASN1_OCTET_STRING_set(s, p, v6 ? 16 : 4)) {
		GENERAL_NAME_free(g);
		ASN1_OCTET_STRING_free(s);
		return false;
	}
	GENERAL_NAME_set0_value(g, GEN_IPADD, s);
	if (sk_GENERAL_NAME_push(v, g) > 0)
		return true;
	GENERAL_NAME_free(g);
	return false;
}

static bool add_names(X509 *x, const struct cert_make *m)
{
	GENERAL_NAMES *v = GENERAL_NAMES_new();
	bool ok = v != NULL;

	if (!m->ndns && !m->nuri && !m->naddr) {
		GENERAL_NAMES_free(v);
		return ok;
	}
	for (size_t i = 0; ok && i < m->ndns; i++)
		ok = push_text(v, GEN_DNS, m->dns[i]);
	for (size_t i = 0; ok && i < m->nuri; i++)
		ok = push_text(v, GEN_URI, m->uri[i]);
	for (size_t i = 0; ok && i < m->naddr; i++)
		ok = push_addr(v, &m->addr[i]);
	ok = ok && X509_add1_ext_i2d(x, NID_subject_alt_name, v, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(v);
	return ok;
}

/* A serial number of 64 random bits (RFC 5280 4.1.2.2: positive, unique). */
static bool set_serial(X509 *x)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	bool ok = n && ASN1_INTEGER_set_uint64(n, rand_u64() >> 1 | 1) == 1 && X509_set_serialNumber(x, n) == 1;

	ASN1_INTEGER_free(n);
	return ok;
}

/* The upper bound of RFC 5280 A.1 for a common name. */
enum { CN_MAX = 64 };

static bool fill(X509 *x, EVP_PKEY *key, const struct cert_make *m)
{
	const X509 *issuer = m->issuer ? m->issuer->x : x;
	X509_NAME *name = X509_get_subject_name(x);
	char cn[CN_MAX + 1];

	(void)slice_copy(cn, sizeof(cn), slice_str(m->cn));
	bool ok = X509_set_version(x, 2) && set_serial(x) && X509_set_pubkey(x, key) &&
		  ASN1_TIME_set(X509_getm_notBefore(x), (time_t)m->not_before) &&
		  ASN1_TIME_set(X509_getm_notAfter(x), (time_t)m->not_after) &&
		  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) &&
		  X509_set_issuer_name(x, X509_get_subject_name(issuer));
	ok = ok && add_ext(x, issuer, NID_basic_constraints, m->ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
	     add_ext(x, issuer, NID_key_usage, m->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
	     add_ext(x, issuer, NID_subject_key_identifier, "hash");
	if (ok && m->issuer)
		ok = add_ext(x, issuer, NID_authority_key_identifier, "keyid");
	if (ok && !m->ca)
		ok = add_ext(x, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
	return ok && add_names(x, m);
}

int cert_make(struct cert **cp, const struct cert_make *m)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();

	if (!key || !x) {
		EVP_PKEY_free(key);
		X509_free(x);
		return ENOMEM;
	}
	if (!fill(x, key, m) || X509_sign(x, m->issuer ? m->issuer->key : key, EVP_sha256()) == 0) {
		EVP_PKEY_free(key);
		X509_free(x);
		ERR_clear_error();
		return EINVAL;
	}
	return cert_new(cp, x, key, NULL);
}

/* ------------------------------------------------------------------ PEM */

/* A key under a pass phrase: nobody is there who could be asked. */
static int no_phrase(char *dst, int size, int rw, void *arg)
{
	(void)dst;
	(void)size;
	(void)rw;
	(void)arg;
	return -1;
}

static EVP_PKEY *read_key(struct slice pem)
{
	BIO *b = BIO_new_mem_buf(pem.p, (int)pem.l);
	EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_phrase, NULL) : NULL;

	BIO_free(b);
	return key;
}

static X509 *read_certs(struct slice pem, STACK_OF(X509) * *chain)
{
	BIO *b = BIO_new_mem_buf(pem.p, (int)pem.l);
	X509 *x = b ? PEM_read_bio_X509(b, NULL, no_phrase, NULL) : NULL;
	X509 *next;

	*chain = NULL;
	while (x && (next = PEM_read_bio_X509(b, NULL, no_phrase, NULL)) != NULL) {
		if (!*chain)
			*chain = sk_X509_new_null();
		if (!*chain || sk_X509_num(*chain) >= CERT_NAMES_MAX || sk_X509_push(*chain, next) <= 0) {
			X509_free(next);
			break;
		}
	}
	BIO_free(b);
	return x;
}

int cert_parse(struct cert **cp, struct slice cert_pem, struct slice key_pem, struct buf *why)
{
	STACK_OF(X509) *chain = NULL;
	int err = ERR_SYNTAX;

	if (cert_pem.l > CERT_PEM_MAX || key_pem.l > CERT_PEM_MAX) {
		buf_str(why, "The certificate or the key is too long.");
		return ERR_SYNTAX;
	}
	X509 *x = read_certs(cert_pem, &chain);
	EVP_PKEY *key = x ? read_key(key_pem) : NULL;
	if (!x) {
		buf_str(why, "There is no certificate in PEM form (\"-----BEGIN CERTIFICATE-----\").");
	} else if (!key) {
		buf_str(why, "There is no private key in PEM form without a pass phrase (\"-----BEGIN PRIVATE "
			     "KEY-----\").");
	} else if (X509_check_private_key(x, key) != 1) {
		buf_str(why, "The key does not belong to the certificate.");
		err = EINVAL;
	} else {
		err = 0;
	}
	ERR_clear_error();
	if (!err)
		return cert_new(cp, x, key, chain);
	X509_free(x);
	EVP_PKEY_free(key);
	sk_X509_pop_free(chain, X509_free);
	return err;
}

static int from_bio(BIO *bio, struct buf *b)
{
	char *p;
	long l = BIO_get_mem_data(bio, &p);

	if (l > 0)
		buf_mem(b, p, (size_t)l);
	return buf_err(b);
}

int cert_pem(const struct cert *c, struct buf *cert, struct buf *key)
{
	BIO *b = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_secmem());
	int err = ENOMEM;

	if (b && k && PEM_write_bio_X509(b, c->x) &&
	    PEM_write_bio_PKCS8PrivateKey(k, c->key, NULL, NULL, 0, NULL, NULL)) {
		err = 0;
		for (int i = 0; i < sk_X509_num(c->chain); i++)
			if (!PEM_write_bio_X509(b, sk_X509_value(c->chain, i)))
				err = ENOMEM;
	}
	if (!err)
		err = from_bio(b, cert);
	if (!err && key)
		err = from_bio(k, key);
	BIO_free(b);
	BIO_free(k);
	return err;
}

/* ------------------------------------------------------------------ files */

int cert_read_file(struct buf *b, const char *path)
{
	char part[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t n;

	if (fd < 0)
		return errno;
	while ((n = read(fd, part, sizeof(part))) > 0 && b->l <= CERT_PEM_MAX)
		buf_mem(b, part, (size_t)n);
	if (n < 0)
		err = errno;
	close(fd);
	mem_wipe(part, sizeof(part));
	return err ? err : buf_err(b);
}

static void wipe(struct buf *b)
{
	if (b->p)
		mem_wipe(b->p, b->cap);
	buf_free(b);
}

int cert_load(struct cert **cp, const char *dir, struct buf *why)
{
	char cert[1200], key[1200];
	struct buf c, k;

	snprintf(cert, sizeof(cert), "%s/cert.pem", dir);
	snprintf(key, sizeof(key), "%s/key.pem", dir);
	buf_init(&c);
	buf_init(&k);
	const char *at = cert;
	int err = cert_read_file(&c, cert);
	if (!err) {
		at = key;
		err = cert_read_file(&k, key);
		/* a certificate alone is no first start: nothing is written over it */
		if (err == ENOENT)
			err = EINVAL;
	}
	if (err) {
		buf_printf(why, "%s cannot be read: %s.", at, err == EINVAL ? "it is missing" : err_str(err));
	} else {
		err = cert_parse(cp, buf_get(&c), buf_get(&k), why);
		if (err)
			buf_printf(why, " (%s)", dir);
	}
	buf_free(&c);
	wipe(&k);
	return err;
}

static int write_all(int fd, struct slice s)
{
	while (s.l) {
		ssize_t n = write(fd, s.p, s.l);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0)
			s = slice_from(s, (size_t)n);
	}
	return fsync(fd) ? errno : 0;
}

static int write_new(const char *path, struct slice s)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	int err = write_all(fd, s);
	if (close(fd) && !err)
		err = errno;
	if (err)
		(void)unlink(path);
	return err;
}

/*
 * New files beside the old ones, then two renames. The old certificate goes first: a power cut in between leaves a key
 * without certificate, never a pair that does not match.
 */
static int replace(const char *dir, struct slice cert, struct slice key)
{
	char c[1200], k[1200], cn[1210], kn[1210];

	snprintf(c, sizeof(c), "%s/cert.pem", dir);
	snprintf(k, sizeof(k), "%s/key.pem", dir);
	snprintf(cn, sizeof(cn), "%s.new", c);
	snprintf(kn, sizeof(kn), "%s.new", k);
	int err = write_new(kn, key);
	if (!err)
		err = write_new(cn, cert);
	if (!err && unlink(c) && errno != ENOENT)
		err = errno;
	if (!err && (rename(kn, k) || rename(cn, c)))
		err = errno;
	return err;
}

int cert_save(const struct cert *c, const char *dir, struct buf *why)
{
	struct buf cert, key;

	buf_init(&cert);
	buf_init(&key);
	int err = cert_pem(c, &cert, &key);
	if (!err && mkdir(dir, 0700) && errno != EEXIST)
		err = errno;
	if (!err)
		err = replace(dir, buf_get(&cert), buf_get(&key));
	if (err)
		buf_printf(why, "The certificate cannot be written to %s: %s.", dir, err_str(err));
	buf_free(&cert);
	wipe(&key);
	return err;
}
