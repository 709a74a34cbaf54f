// SPDX-License-Identifier: GPL-2.0

#include <fcntl.h>
#include <linux/liveupdate.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "luo.h"
#include "vfio.h"

static int open_orchestrator(void)
{
	int fd = open("/dev/liveupdate", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/liveupdate");
	return fd;
}

int luo_create_session(const char *name)
{
	struct liveupdate_ioctl_create_session create = {
		.size = sizeof(create),
	};
	int orchestrator = open_orchestrator();

	snprintf((char *)create.name, sizeof(create.name), "%s", name);
	DO_IOCTL(orchestrator, LIVEUPDATE_IOCTL_CREATE_SESSION, &create);
	close(orchestrator);
	return create.fd;
}

int luo_retrieve_session(const char *name)
{
	struct liveupdate_ioctl_retrieve_session retrieve = {
		.size = sizeof(retrieve),
	};
	int orchestrator = open_orchestrator();

	snprintf((char *)retrieve.name, sizeof(retrieve.name), "%s", name);
	DO_IOCTL(orchestrator, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &retrieve);
	close(orchestrator);
	return retrieve.fd;
}

int luo_preserve(int session, int fd, uint64_t token)
{
	struct liveupdate_session_preserve_fd preserve = {
		.size = sizeof(preserve),
		.fd = fd,
		.token = token,
	};

	return ioctl(session, LIVEUPDATE_SESSION_PRESERVE_FD, &preserve);
}

int luo_retrieve(int session, uint64_t token)
{
	struct liveupdate_session_retrieve_fd retrieve = {
		.size = sizeof(retrieve),
		.token = token,
	};

	if (ioctl(session, LIVEUPDATE_SESSION_RETRIEVE_FD, &retrieve))
		return -1;
	return retrieve.fd;
}

void luo_finish_session(int session)
{
	struct liveupdate_session_finish finish = { .size = sizeof(finish) };

	DO_IOCTL(session, LIVEUPDATE_SESSION_FINISH, &finish);
	close(session);
}
