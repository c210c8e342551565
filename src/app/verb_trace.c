/*
 * verb_trace.c - `calls trace`, `calls pcap`: what went over the wire for a call, as a ladder in the terminal or as a
 * file for Wireshark.
 *
 * The server stands in the middle, callers on its left, who is called on its right.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"
#include "http/http.h"

enum { SIDE = 46, ARROW_MIN = 4 };

/* The id of the live call that begins so; else as it was given: that of a call that has ended. */
static void whole_id(struct cli *c, char *dst, size_t size)
{
	const char *word = c->arg[0], *found = NULL;
	json_t *o = NULL, *v;
	size_t i, n = 0;

	(void)slice_copy(dst, size, slice_str(word));
	if (client_try(c, "/calls?limit=1000", &o))
		return;
	json_array_foreach(json_object_get(o, "items"), i, v)
	{
		if (strncmp(js(v, "id"), word, strlen(word)))
			continue;
		found = js(v, "id");
		n++;
	}
	if (n == 1)
		(void)slice_copy(dst, size, slice_str(found));
	json_decref(o);
}

static char *path_of(struct cli *c, const char *what)
{
	char id[64];
	struct buf b;
	char *head, *path = NULL;

	whole_id(c, id, sizeof(id));
	head = client_path("/calls/", id);
	if (!head)
		return NULL;
	buf_init(&b);
	buf_printf(&b, "%s/%s", head, what);
	if (buf_strdup(&b, &path))
		path = NULL;
	buf_free(&b);
	mem_deref(head);
	return path;
}

/* ------------------------------------------------------------------ the ladder */

/* What strangers send must not steer the terminal. */
static void clean(char *p)
{
	for (; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || ((unsigned char)*p == 0xc2 && (unsigned char)p[1] < 0xa0))
			*p = '?';
}

/* `text` in SIDE columns with an arrow: "INVITE sip:101@x ----->", or to the left "<----- 200 OK". */
static void put_side(const char *text, bool left, bool out)
{
	char mem[SIDE * 4];
	int dashes;

	/* cut where it would be too long */
	(void)slice_copy(mem, sizeof(mem), slice_str(text));
	clean(mem);
	while (out_width(mem) > SIDE - ARROW_MIN - 2) {
		size_t l = strlen(mem) - 1;

		while (l && (mem[l] & 0xc0) == 0x80)
			l--;
		mem[l] = '\0';
	}
	dashes = SIDE - 2 - (int)out_width(mem);
	const char *head = left == out ? "<" : "", *tail = left == out ? "" : ">";
	if (left)
		printf("%s %s%s%.*s%s", mem, out_style(STYLE_DIM), head, dashes,
		       "--------------------------------------------------", tail);
	else
		printf("%s%s%.*s%s%s %s", out_style(STYLE_DIM), head, dashes > 14 ? 14 : dashes,
		       "--------------------------------------------------", tail, out_style(STYLE_OFF), mem);
	printf("%s", out_style(STYLE_OFF));
}

static void put_text(const char *text)
{
	struct slice rest = slice_str(text);
	char line[1024];

	while (rest.l) {
		struct slice s = slice_cut(&rest, '\n');

		if (s.l && s.p[s.l - 1] == '\r')
			s.l--;
		(void)slice_copy(line, sizeof(line), s);
		clean(line);
		printf("            %s\n", line);
	}
	printf("\n");
}

static void put_message(const json_t *m, const json_t *legs, int64_t start_us, size_t sides[2], bool full)
{
	const json_t *leg = json_array_get(legs, (size_t)ji(m, "leg"));
	bool right = json_is_true(json_object_get(leg, "outgoing")), out = !strcmp(js(m, "direction"), "out");
	char text[200];

	/* several on one side: whose is it? */
	snprintf(text, sizeof(text), "%s%s%s", sides[right] > 1 ? js(leg, "number") : "", sides[right] > 1 ? ": " : "",
		 js(m, "summary"));
	printf("%9.3f  ", (double)(ji(m, "at_ms") * 1000 + ji(m, "us") - start_us) / 1e6);
	if (right)
		printf("%*s|", SIDE, "");
	put_side(text, !right, out);
	printf(right ? "\n" : "|\n");
	if (full && *js(m, "text"))
		put_text(js(m, "text"));
}

static void put_legs(const json_t *legs, size_t sides[2])
{
	char text[300];
	json_t *l;
	size_t i;

	json_array_foreach(legs, i, l)
	{
		bool right = json_is_true(json_object_get(l, "outgoing"));

		sides[right]++;
		snprintf(text, sizeof(text), "%s, %s, Call-ID %s", *js(l, "device") ? js(l, "device") : "unknown phone",
			 js(l, "peer"), js(l, "call_id"));
		clean(text);
		printf("%s %s%s%s, %s\n", right ? "to  " : "from", out_style(STYLE_BOLD), js(l, "number"),
		       out_style(STYLE_OFF), text);
	}
}

static void print_ladder(const json_t *o, bool full)
{
	const json_t *legs = json_object_get(o, "legs"), *v = json_object_get(o, "messages");
	const json_t *first = json_array_get(v, 0);
	size_t sides[2] = {0}, i;
	char when[32];
	json_t *m;

	put_legs(legs, sides);
	if (!first) {
		printf("No message of this call is kept%s.\n",
		       json_is_true(json_object_get(o, "dropped")) ? " any more" : "");
		return;
	}
	printf("\n%s\n%11s%-*soffhook\n", clock_local(ji(first, "at_ms"), when), "seconds  ", SIDE - 3, "");
	json_array_foreach(v, i, m)
	{
		put_message(m, legs, ji(first, "at_ms") * 1000 + ji(first, "us"), sides, full);
	}
	if (json_is_true(json_object_get(o, "dropped")))
		printf("\n%sSome messages are missing: newer ones have overwritten them (--capture-mb).%s\n",
		       out_style(STYLE_YELLOW), out_style(STYLE_OFF));
}

int verb_calls_trace(struct cli *c)
{
	json_t *o = NULL;
	char *path = path_of(c, cli_flag(c, "rtcp") ? "messages?rtcp=1" : "messages");
	int rc = path ? client_show(c, path, &o) : cli_fail(CLI_FAILED, "memory is out.");

	if (!rc && o)
		print_ladder(o, cli_flag(c, "full"));
	json_decref(o);
	mem_deref(path);
	return rc;
}

/* ------------------------------------------------------------------ the file */

static int write_file(const char *path, struct slice data)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err = fd < 0 ? errno : 0;

	while (!err && data.l) {
		ssize_t n = write(fd, data.p, data.l);

		if (n < 0 && errno != EINTR)
			err = errno;
		else if (n > 0)
			data = slice_from(data, (size_t)n);
	}
	if (fd >= 0 && close(fd) && !err)
		err = errno;
	/* half a file is none */
	if (fd >= 0 && err)
		(void)unlink(path);
	return err;
}

static void print_written(const char *path, size_t bytes)
{
	json_t *o = json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)bytes);

	out_json(o);
	json_decref(o);
}

int verb_calls_pcap(struct cli *c)
{
	char *path = path_of(c, "pcap");
	struct buf file;
	int rc, err;

	if (!path)
		return cli_fail(CLI_FAILED, "memory is out.");
	buf_init(&file);
	rc = client_bytes(c, path, &file);
	if (!rc) {
		err = write_file(c->arg[1], buf_get(&file));
		if (err)
			rc = cli_fail(CLI_FAILED, "%s cannot be written: %s.", c->arg[1], err_str(err));
		else if (!c->json)
			printf("%s: %zu bytes. Look at it with Wireshark or tcpdump -r.\n", c->arg[1], file.l);
		else
			print_written(c->arg[1], file.l);
	}
	buf_free(&file);
	mem_deref(path);
	return rc;
}
