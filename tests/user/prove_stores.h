/* SPDX-License-Identifier: GPL-2.0 */
/* Both kinds of store of entry_sync.c, as one that the proof defines */
#ifndef _TESTS_PROVE_STORES_H_
#define _TESTS_PROVE_STORES_H_

static void take_store(u64 *to, const u64 *value, unsigned int words);

void shim_store_64(u64 *to, u64 value)
{
	take_store(to, &value, 1);
}

void shim_store_128(u128 *to, u128 value)
{
	u64 words[] = { value, value >> 64 };

	take_store((u64 *)to, words, 2);
}

#endif /* _TESTS_PROVE_STORES_H_ */
