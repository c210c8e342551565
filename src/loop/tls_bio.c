/*
 * tls_bio.c - how OpenSSL reads and writes here: from a slice, into a buffer (handshake) or straight into the TCP
 * connection below. No copy is kept: idle connections hold no buffers.
 */
#include <pthread.h>
#include "loop/tls_priv.h"

static int io_read(BIO *b, char *dst, size_t l, size_t *done)
{
	struct tls_io *io = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (!io || !io->in.l) {
		BIO_set_retry_read(b);
		*done = 0;
		return 0;
	}
	if (l > io->in.l)
		l = io->in.l;
	memcpy(dst, io->in.p, l);
	io->in = slice_from(io->in, l);
	*done = l;
	return 1;
}

static int low_write(struct tls_io *io, const char *p, size_t l)
{
	struct rbuf *r;
	int err = rbuf_alloc(&r, p, l);

	if (err)
		return err;
	err = tcp_send(io->low, r);
	mem_deref(r);
	return err;
}

static int io_write(BIO *b, const char *p, size_t l, size_t *done)
{
	struct tls_io *io = BIO_get_data(b);
	int err = ENOTCONN;

	BIO_clear_retry_flags(b);
	*done = 0;
	if (io && io->out) {
		buf_mem(io->out, p, l);
		err = buf_err(io->out);
	} else if (io && io->low) {
		err = low_write(io, p, l);
	}
	if (!err) {
		*done = l;
		return 1;
	}
	if (err == ENOBUFS)
		BIO_set_retry_write(b);
	else if (io)
		io->err = err;
	return 0;
}

static long io_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP ? 1 : 0;
}

static int io_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static BIO_METHOD *method;

static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void method_make(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "offhook");

	if (m && BIO_meth_set_read_ex(m, io_read) && BIO_meth_set_write_ex(m, io_write) &&
	    BIO_meth_set_ctrl(m, io_ctrl) && BIO_meth_set_create(m, io_create))
		method = m;
}

BIO *tls_bio_new(struct tls_io *io)
{
	BIO *b;

	pthread_once(&method_once, method_make);
	b = method ? BIO_new(method) : NULL;
	if (b)
		BIO_set_data(b, io);
	return b;
}

void tls_bio_set(SSL *ssl, struct tls_io *io)
{
	BIO_set_data(SSL_get_rbio(ssl), io);
}
