/*
 * csv.c - fuzz target: files of CSV from people. What was read is written, and reads as the same cells.
 */
#include "api/csv.h"
#include "fuzz.h"

static struct csv one, two;

static void again(void)
{
	struct buf text, why;

	buf_init(&text);
	buf_init(&why);
	buf_str(&text, "a,b\r\n"); /* so that the separator is known, whatever the row has in it */
	for (size_t i = 0; i < one.n; i++)
		csv_put(&text, i == 0, csv_cell(&one, i));
	csv_end(&text);
	csv_open(&two, buf_get(&text));
	FUZZ_ASSERT(csv_row(&two, &why) == 0 && two.n == 2);
	int err = csv_row(&two, &why);
	/* a row of nothing but apostrophes may be empty by now */
	FUZZ_ASSERT(err == 0 || err == ENOENT);
	for (size_t i = 0; !err && i < one.n; i++)
		FUZZ_ASSERT(slice_eq(csv_cell(&one, i), csv_cell(&two, i)));
	FUZZ_ASSERT(err || two.n == one.n);
	csv_close(&two);
	buf_free(&text);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t l)
{
	unsigned last = 0;
	struct buf why;
	int err;

	buf_init(&why);
	csv_open(&one, slice_mem(p, l));
	while (!(err = csv_row(&one, &why))) {
		FUZZ_ASSERT(one.n >= 1 && one.n <= CSV_COLUMNS && one.line > last && one.next > last);
		last = one.line;
		again();
	}
	FUZZ_ASSERT(err == ENOENT || (err == ERR_SYNTAX && why.l));
	csv_close(&one);
	buf_free(&why);
	return 0;
}
