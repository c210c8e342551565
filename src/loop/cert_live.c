/*
 * cert_live.c - the certificate of a running server. A new one is checked on the loop, written on a crypto thread, and
 * taken into use when it is safely on the disk.
 */
#include "base/log.h"
#include "loop/cert_live.h"
#include "loop/tls_priv.h"

/* One replacement; belongs to nobody but itself, so that the holder may go while it is out. */
struct change {
	struct crypto_job job;
	struct cert_live *live; /**< NULL: the holder is gone */
	struct cert *cert;
	char *dir;
	struct buf why;
	int err;
	cert_live_set_h *h;
	void *arg;
};

struct cert_live {
	struct tls *tls;
	char *dir;
	cert_live_h *h;
	void *arg;
	struct change *change; /**< that is out */
};

static void change_free(struct change *c)
{
	mem_deref(c->cert);
	mem_deref(c->dir);
	buf_free(&c->why);
	mem_deref(c);
}

static void live_destroy(void *obj)
{
	struct cert_live *l = obj;

	if (l->change)
		l->change->live = NULL;
	mem_deref(l->dir);
}

int cert_live_alloc(struct cert_live **lp, struct tls *t, const char *dir, cert_live_h *h, void *arg)
{
	struct cert_live *l = mem_zalloc(sizeof(*l), live_destroy);

	if (!l)
		return ENOMEM;
	l->tls = t;
	l->h = h;
	l->arg = arg;
	int err = mem_strdup(&l->dir, dir);
	if (err) {
		mem_deref(l);
		return err;
	}
	*lp = l;
	return 0;
}

static int use(struct cert_live *l, const struct cert *c, struct buf *why)
{
	int err = tls_set_cert(l->tls, c);

	if (err)
		buf_str(why, "OpenSSL refuses the certificate: its key or its signature is too weak.");
	else if (l->h)
		l->h(c, l->arg);
	return err;
}

int cert_live_open(struct cert_live *l, const struct cert_make *m, struct buf *why)
{
	struct cert *c = NULL;
	int err = cert_load(&c, l->dir, why);

	if (err == ENOENT) {
		buf_reset(why);
		err = cert_make(&c, m);
		if (err)
			buf_printf(why, "No certificate could be made: %s.", err_str(err));
		else
			err = cert_save(c, l->dir, why);
	}
	if (!err)
		err = use(l, c, why);
	mem_deref(c);
	return err;
}

/* On the crypto thread. */
static void write_h(struct crypto_job *j)
{
	struct change *c = CONTAINER_OF(j, struct change, job);

	if (!c->err)
		c->err = cert_save(c->cert, c->dir, &c->why);
}

static void written_h(struct crypto_job *j)
{
	struct change *c = CONTAINER_OF(j, struct change, job);

	if (c->live) {
		c->live->change = NULL;
		if (!c->err)
			c->err = use(c->live, c->cert, &c->why);
		buf_char(&c->why, '\0');
		c->h(c->err, c->err && !buf_err(&c->why) ? c->why.p : NULL, c->arg);
	}
	change_free(c);
}

static void check(struct cert_live *l, struct change *c, struct slice cert_pem, struct slice key_pem)
{
	c->err = cert_parse(&c->cert, cert_pem, key_pem, &c->why);
	if (!c->err)
		c->err = cert_check_time(c->cert, loop_wall_ms(l->tls->loop) / 1000, &c->why);
	/* one that begins tomorrow is no use today */
	if (c->err == EAGAIN)
		c->err = ETIMEDOUT;
}

int cert_live_set(struct cert_live *l, struct slice cert_pem, struct slice key_pem, cert_live_set_h *h, void *arg)
{
	struct change *c;

	if (l->change)
		return EBUSY;
	c = mem_zalloc(sizeof(*c), NULL);
	if (!c)
		return ENOMEM;
	buf_init(&c->why);
	c->h = h;
	c->arg = arg;
	c->job.work = write_h;
	c->job.done = written_h;
	int err = mem_strdup(&c->dir, l->dir);
	if (!err) {
		check(l, c, cert_pem, key_pem);
		err = crypto_run(l->tls->crypto, &c->job);
	}
	if (err) {
		change_free(c);
		return err;
	}
	c->live = l;
	l->change = c;
	return 0;
}

const struct cert *cert_live_now(const struct cert_live *l)
{
	return tls_cert(l->tls);
}
