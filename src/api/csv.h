/*
 * csv.h - comma-separated values (RFC 4180): a reader that takes what spreadsheets write, and a writer that
 * spreadsheets may open.
 *
 * Reader: UTF-8, with a byte order mark or without; lines end in CRLF, LF or CR; cells are separated by commas, or by
 * semicolons or tabs where the first line has more of these (or says "sep=;"). Writer: commas, CRLF. A cell that a
 * spreadsheet would take for a formula (it begins with = + - @, tab or CR) gets an apostrophe in front, which the
 * reader takes off again.
 * Thread: any, one at a time. Ownership: the reader points into the text, which must outlive it.
 */
#ifndef OFFHOOK_API_CSV_H
#define OFFHOOK_API_CSV_H

#include "base/buf.h"

enum {
	CSV_COLUMNS = 128,     /**< cells in a line */
	CSV_CELL_MAX = 16384,  /**< bytes of one */
	CSV_LINES_MAX = 100000 /**< rows of a file, for those who read it */
};
struct csv {
	struct slice text; /**< what is left */
	char sep;
	unsigned line; /**< where the row that was read last begins, from 1 */
	unsigned next; /**< line of what is left */
	size_t n;      /**< cells of that row */
	struct buf buf;
	struct {
		size_t at, l;
	} cell[CSV_COLUMNS];
};
/** Begin to read. */
void csv_open(struct csv *c, struct slice text);
void csv_close(struct csv *c);
/** Next row that is not empty: 0; ENOENT: there is none; ERR_SYNTAX with a sentence (without the line, which is in
 * c->line); ENOMEM. */
int csv_row(struct csv *c, struct buf *why) MUST_CHECK;
/** Cell `i` of the row, valid until the next one; empty beyond its end. */
struct slice csv_cell(const struct csv *c, size_t i);

/** Append a cell, with a comma in front unless it is the `first` of its line, quoted and defused where it must be. */
void csv_put(struct buf *b, bool first, struct slice cell);
/** A number stands as it is. */
void csv_put_int(struct buf *b, bool first, int64_t v);
/** End of a line. */
void csv_end(struct buf *b);

#endif
