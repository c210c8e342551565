/*
 * err.c - texts of error numbers.
 *
 * A table of our own: strerror() may share a buffer between threads and
 * strerror_r() comes in two kinds.
 */
#include "base/err.h"

static const char *own_str(int err)
{
	switch (err) {
	case ERR_SYNTAX:
		return "syntax error";
	case ERR_AUTH:
		return "missing or wrong credentials";
	case ERR_LIMIT:
		return "limit reached";
	case ERR_STATE:
		return "not allowed in this state";
	default:
		return "unknown error";
	}
}

static const char *net_str(int err)
{
	switch (err) {
	case EADDRINUSE:
		return "address already in use";
	case EADDRNOTAVAIL:
		return "address not available";
	case EAFNOSUPPORT:
		return "address family not supported";
	case EALREADY:
		return "already in progress";
	case ECANCELED:
		return "cancelled";
	case ECONNABORTED:
		return "connection aborted";
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
		return "connection reset by peer";
	case EDESTADDRREQ:
		return "destination address required";
	case EHOSTUNREACH:
		return "no route to host";
	case EINPROGRESS:
		return "in progress";
	case EISCONN:
		return "already connected";
	case EMSGSIZE:
		return "message too long";
	case ENETDOWN:
		return "network is down";
	case ENETUNREACH:
		return "network is unreachable";
	case ENOBUFS:
		return "no buffer space";
	case ENOTCONN:
		return "not connected";
	case ENOTSOCK:
		return "not a socket";
	case EOPNOTSUPP:
		return "not supported";
#if defined(ENOTSUP) && ENOTSUP != EOPNOTSUPP
	case ENOTSUP:
		return "not supported";
#endif
	case EPROTO:
		return "protocol error";
	case EPROTONOSUPPORT:
		return "protocol not supported";
	case ETIMEDOUT:
		return "timed out";
	default:
		return own_str(err);
	}
}

const char *err_str(int err)
{
	switch (err) {
	case 0:
		return "success";
	case E2BIG:
		return "argument list too long";
	case EACCES:
		return "permission denied";
	case EAGAIN:
		return "try again";
	case EBADF:
		return "bad file descriptor";
	case EBADMSG:
		return "bad message";
	case EBUSY:
		return "busy";
	case ECHILD:
		return "no child process";
	case EDOM:
		return "value out of domain";
	case EEXIST:
		return "already exists";
	case EFAULT:
		return "bad address";
	case EFBIG:
		return "file too large";
	case EILSEQ:
		return "invalid byte sequence";
	case EINTR:
		return "interrupted";
	case EINVAL:
		return "invalid argument";
	case EIO:
		return "input/output error";
	case EISDIR:
		return "is a directory";
	case ELOOP:
		return "loop";
	case EMFILE:
		return "too many open files";
	case ENAMETOOLONG:
		return "name too long";
	case ENFILE:
		return "too many open files in the system";
	case ENODEV:
		return "no such device";
	case ENOENT:
		return "not found";
	case ENOEXEC:
		return "not executable";
	case ENOMEM:
		return "out of memory";
	case ENOSPC:
		return "no space left";
	case ENOSYS:
		return "function not implemented";
	case ENOTDIR:
		return "not a directory";
	case ENOTEMPTY:
		return "directory not empty";
	case ENXIO:
		return "no such device or address";
	case EOVERFLOW:
		return "value too large";
	case EPERM:
		return "operation not permitted";
	case EPIPE:
		return "broken pipe";
	case ERANGE:
		return "out of range";
	case EROFS:
		return "read-only file system";
	case ESRCH:
		return "no such process";
	case EXDEV:
		return "other file system";
	default:
		return net_str(err);
	}
}
