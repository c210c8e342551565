/*
 * csv.c - comma-separated values as RFC 4180 has them, and as spreadsheets write them.
 */
#include <inttypes.h>
#include "api/csv.h"
#include "base/utf8.h"

/* Characters that make a formula of a cell where a spreadsheet opens it. */
static bool is_formula(char ch)
{
	return ch == '=' || ch == '+' || ch == '-' || ch == '@' || ch == '\t' || ch == '\r';
}

static bool is_eol(char ch)
{
	return ch == '\n' || ch == '\r';
}

/* ---- reading */

/* "sep=;" alone on the first line, as spreadsheets write it. */
static bool said_sep(struct csv *c)
{
	struct slice t = c->text;

	if (t.l < 5 || !slice_starts(t, SLICE("sep=")) || (t.l > 5 && !is_eol(t.p[5])))
		return false;
	c->sep = t.p[4];
	if (!strchr(",;\t", c->sep))
		return false;
	t = slice_from(t, 5);
	if (t.l && t.p[0] == '\r')
		t = slice_from(t, 1);
	if (t.l && t.p[0] == '\n')
		t = slice_from(t, 1);
	c->text = t;
	c->next = 2;
	return true;
}

/* What separates the cells of the first line. */
static char found_sep(struct slice t)
{
	size_t comma = 0, semicolon = 0, tab = 0;
	bool quoted = false;

	for (size_t i = 0; i < t.l && (quoted || !is_eol(t.p[i])); i++) {
		if (t.p[i] == '"')
			quoted = !quoted;
		comma += !quoted && t.p[i] == ',';
		semicolon += !quoted && t.p[i] == ';';
		tab += !quoted && t.p[i] == '\t';
	}
	if (semicolon > comma && semicolon >= tab)
		return ';';
	return tab > comma ? '\t' : ',';
}

void csv_open(struct csv *c, struct slice text)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->buf);
	c->text = slice_starts(text, SLICE("\xef\xbb\xbf")) ? slice_from(text, 3) : text;
	c->next = 1;
	if (!said_sep(c))
		c->sep = found_sep(c->text);
}

void csv_close(struct csv *c)
{
	buf_free(&c->buf);
}

/* Take the end of a line off; CRLF is one. */
static void eol(struct csv *c)
{
	if (c->text.l > 1 && c->text.p[0] == '\r' && c->text.p[1] == '\n')
		c->text = slice_from(c->text, 1);
	c->text = slice_from(c->text, 1);
	c->next++;
}

static int quoted_cell(struct csv *c, struct buf *why)
{
	c->text = slice_from(c->text, 1);
	for (;;) {
		ptrdiff_t at = slice_chr(c->text, '"');

		if (at < 0) {
			buf_str(why, "a quotation mark (\") is opened and never closed.");
			return ERR_SYNTAX;
		}
		for (ptrdiff_t i = 0; i < at; i++)
			c->next += c->text.p[i] == '\n' ||
				   (c->text.p[i] == '\r' && c->text.p[i + 1] != '\n'); /* at worst the mark */
		buf_mem(&c->buf, c->text.p, (size_t)at);
		c->text = slice_from(c->text, (size_t)at + 1);
		if (!c->text.l || c->text.p[0] != '"')
			break;
		buf_char(&c->buf, '"');
		c->text = slice_from(c->text, 1);
	}
	if (!c->text.l || c->text.p[0] == c->sep || is_eol(c->text.p[0]))
		return 0;
	buf_str(why,
		"there is something behind a closing quotation mark (\"). Quotation marks within a cell are doubled: "
		"\"\".");
	return ERR_SYNTAX;
}

static int plain_cell(struct csv *c, struct buf *why)
{
	size_t n = 0;

	while (n < c->text.l && c->text.p[n] != c->sep && !is_eol(c->text.p[n])) {
		if (c->text.p[n++] == '"') {
			buf_str(why,
				"there is a quotation mark (\") within a cell. Put the whole cell in quotation marks "
				"and double those within it.");
			return ERR_SYNTAX;
		}
	}
	buf_mem(&c->buf, c->text.p, n);
	c->text = slice_from(c->text, n);
	return 0;
}

static int check_cell(const struct csv *c, size_t at, struct buf *why)
{
	struct slice s = slice_from(buf_get(&c->buf), at);

	if (buf_err(&c->buf))
		return buf_err(&c->buf);
	if (s.l > CSV_CELL_MAX) {
		buf_printf(why, "a cell is longer than %d bytes.", CSV_CELL_MAX);
		return ERR_SYNTAX;
	}
	if (slice_chr(s, '\0') >= 0 || !utf8_ok(s)) {
		buf_str(why, "this is not text in UTF-8. Save the file as \"CSV UTF-8\".");
		return ERR_SYNTAX;
	}
	return 0;
}

static int read_cell(struct csv *c, struct buf *why)
{
	size_t at = c->buf.l;
	int err;

	if (c->n == CSV_COLUMNS) {
		buf_printf(why, "there are more than %d cells.", CSV_COLUMNS);
		return ERR_SYNTAX;
	}
	err = c->text.l && c->text.p[0] == '"' ? quoted_cell(c, why) : plain_cell(c, why);
	if (!err)
		err = check_cell(c, at, why);
	if (err)
		return err;
	c->cell[c->n].at = at;
	c->cell[c->n++].l = c->buf.l - at;
	return 0;
}

static bool is_empty(const struct csv *c)
{
	return c->buf.l == 0;
}

int csv_row(struct csv *c, struct buf *why)
{
	do {
		int err;

		if (!c->text.l)
			return ENOENT;
		buf_reset(&c->buf);
		c->n = 0;
		c->line = c->next;
		for (;;) {
			err = read_cell(c, why);
			if (err)
				return err;
			if (!c->text.l || is_eol(c->text.p[0]))
				break;
			c->text = slice_from(c->text, 1); /* the separator */
		}
		if (c->text.l)
			eol(c);
	} while (is_empty(c));
	return 0;
}

struct slice csv_cell(const struct csv *c, size_t i)
{
	struct slice s;

	if (i >= c->n)
		return SLICE_NULL;
	s = slice_mem(c->buf.p + c->cell[i].at, c->cell[i].l);
	/* as the writer has defused it; a second apostrophe is one that was there */
	if (s.l > 1 && s.p[0] == '\'' && (is_formula(s.p[1]) || s.p[1] == '\''))
		s = slice_from(s, 1);
	return s;
}

/* ---- writing */

void csv_put(struct buf *b, bool first, struct slice cell)
{
	bool defuse = cell.l && (is_formula(cell.p[0]) || cell.p[0] == '\'');
	bool quote = false;

	for (size_t i = 0; i < cell.l; i++)
		quote |= cell.p[i] == '"' || cell.p[i] == ',' || cell.p[i] == ';' || cell.p[i] == '\t' ||
			 is_eol(cell.p[i]);
	/* blanks at the ends are taken off by some who read it, unless they are within marks */
	quote |= cell.l && (cell.p[0] == ' ' || cell.p[cell.l - 1] == ' ');
	if (!first)
		buf_char(b, ',');
	if (quote)
		buf_char(b, '"');
	if (defuse)
		buf_char(b, '\'');
	for (size_t i = 0; i < cell.l; i++) {
		if (cell.p[i] == '"')
			buf_char(b, '"');
		buf_char(b, cell.p[i]);
	}
	if (quote)
		buf_char(b, '"');
}

void csv_put_int(struct buf *b, bool first, int64_t v)
{
	buf_printf(b, "%s%" PRId64, first ? "" : ",", v);
}

void csv_end(struct buf *b)
{
	buf_mem(b, "\r\n", 2);
}
