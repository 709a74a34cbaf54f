// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail, by the kernel's fault injection
 *
 * It fails the nth allocation of a task. Those that may sleep it leaves alone
 * unless user space asks for them; before there is one, the tests ask.
 */

#include <kunit/test.h>
#include <linux/debugfs.h>
#include <linux/sched.h>

#include "failing_alloc.h"

/**
 * struct setting - a file in debugfs
 * @dir: its directory
 * @name: its name
 * @size: of the variable behind it
 * @value: that it is to have, little-endian
 */
struct setting {
	const char *dir;
	const char *name;
	size_t size;
	u64 value;
};

static const struct setting settings[] = {
	{ "failslab", "ignore-gfp-wait", sizeof(bool), false },
	{ "failslab", "verbose", sizeof(long), 0 },
	{ "fail_page_alloc", "ignore-gfp-wait", sizeof(bool), false },
	{ "fail_page_alloc", "min-order", sizeof(u32), 0 },
	{ "fail_page_alloc", "verbose", sizeof(long), 0 },
};

struct saved {
	void *variable;
	size_t size;
	u64 value;
};

static void restore(void *data)
{
	struct saved *saved = data;

	memcpy(saved->variable, &saved->value, saved->size);
}

/* A kernel without debugfs has an error for every name. */
static struct dentry *look_up(const char *name, struct dentry *parent)
{
	struct dentry *found = debugfs_lookup(name, parent);

	return IS_ERR(found) ? NULL : found;
}

static void *variable_of(const struct setting *setting)
{
	struct dentry *dir = look_up(setting->dir, NULL);
	struct dentry *file = dir ? look_up(setting->name, dir) : NULL;
	void *variable = file ? d_inode(file)->i_private : NULL;

	dput(file);
	dput(dir);
	return variable;
}

static bool set(struct kunit *test, const struct setting *setting)
{
	struct saved *saved = kunit_kzalloc(test, sizeof(*saved), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, saved);
	saved->size = setting->size;
	saved->variable = variable_of(setting);
	if (!saved->variable)
		return false;

	memcpy(&saved->value, saved->variable, saved->size);
	memcpy(saved->variable, &setting->value, saved->size);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, restore, saved), 0);
	return true;
}

/**
 * failing_alloc_allow - let any allocation fail as long as the test lasts
 * @test: the test
 *
 * Context: May sleep.
 * Return: false if the kernel has no fault injection.
 */
bool failing_alloc_allow(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!set(test, &settings[i]))
			return false;
	return true;
}

/**
 * failing_alloc_set - have an allocation of this task fail
 * @nth: the nth from now on, or 0 for none
 *
 * Context: Any.
 * Return: what @nth has come to of the call before: 0 if that one has failed.
 */
unsigned int failing_alloc_set(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	swap(current->fail_nth, nth);
#endif
	return nth;
}
