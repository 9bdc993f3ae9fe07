# ruff: noqa: E501 - a table
"""System calls made straight at the kernel by code that has walked the frames to the harness and its C library: name -> arguments.

The Python layer is given up here: what holds is the kernel's alone. Arguments are (number on x86_64, words...); a text is passed as
the address of its bytes, and `{...}` in it names a canary of `hostile`; `BUFFER` is the address of 256 zero bytes. Each call must
fail, or the process must be killed.
"""

BUFFER, VICTIM, HOST = "BUFFER", "VICTIM", "HOST"
HERE = -100
TABLE: dict[str, tuple[object, ...]] = {
    # files
    "open": (2, "{secret}", 0), "openat": (257, HERE, "{secret}", 0), "openat2": (437, HERE, "{secret}", BUFFER, 24),
    "creat": (85, "{folder}/new", 0o600), "stat": (4, "{secret}", BUFFER), "newfstatat": (262, HERE, "{secret}", BUFFER, 0),
    "statx": (332, HERE, "{secret}", 0, 0xFFF, BUFFER), "access": (21, "{secret}", 4), "readlink": (89, "/proc/self/exe", BUFFER, 99),
    "chdir": (80, "{folder}"), "chroot": (161, "{folder}"), "mkdir": (83, "{folder}/new", 0o700), "unlink": (87, "{target}"),
    "rename": (82, "{target}", "{folder}/new"), "link": (86, "{target}", "{folder}/new"),
    "symlink": (88, "{target}", "{folder}/new"), "mknod": (133, "{folder}/new", 0o010600, 0), "chmod": (90, "{target}", 0),
    "truncate": (76, "{target}", 0), "utimensat": (280, HERE, "{target}", 0, 0), "setxattr": (188, "{target}", "user.a", "x", 1, 0),
    "name_to_handle_at": (303, HERE, "{secret}", BUFFER, BUFFER, 0), "open_by_handle_at": (304, HERE, BUFFER, 0),
    "inotify_init": (253,), "fanotify_init": (300, 0, 0), "memfd_create": (319, "a", 0), "memfd_secret": (447, 0),
    "statfs": (137, "/", BUFFER), "getdents64 of the channel": (217, 3, BUFFER, 200),
    # processes
    "fork": (57,), "vfork": (58,), "clone": (56, 17, 0, 0, 0, 0), "clone3": (435, BUFFER, 64), "execve": (59, "/bin/true", 0, 0),
    "execveat": (322, HERE, "/bin/true", 0, 0, 0), "kill the victim": (62, VICTIM, 9), "kill all": (62, -1, 18),
    "tkill": (200, VICTIM, 9), "tgkill": (234, VICTIM, VICTIM, 9), "rt_sigqueueinfo": (129, VICTIM, 9, BUFFER),
    "pidfd_open": (434, VICTIM, 0), "pidfd_send_signal": (424, 3, 9, 0, 0), "pidfd_getfd": (438, 3, 0, 0),
    "ptrace attach": (101, 16, VICTIM, 0, 0), "ptrace me": (101, 0, 0, 0, 0), "process_vm_readv": (310, VICTIM, BUFFER, 1, BUFFER, 1, 0),
    "process_vm_writev": (311, VICTIM, BUFFER, 1, BUFFER, 1, 0), "prlimit of the victim": (302, VICTIM, 7, 0, BUFFER),
    "prlimit up": (302, 0, 0, BUFFER, 0), "setrlimit": (160, 0, BUFFER), "setpriority": (141, 0, VICTIM, 19),
    "sched_setaffinity": (203, VICTIM, 8, BUFFER), "kcmp": (312, VICTIM, HOST, 0, 0, 0), "setsid": (112,), "setpgid": (109, 0, 0),
    # network and channels
    "socket inet": (41, 2, 1, 0), "socket inet6": (41, 10, 1, 0), "socket unix": (41, 1, 1, 0), "socket netlink": (41, 16, 3, 0),
    "socket packet": (41, 17, 3, 0), "socket vsock": (41, 40, 1, 0), "socketpair": (53, 1, 1, 0, BUFFER),
    "sendmsg on the channel": (46, 3, BUFFER, 0), "recvmsg on the channel": (47, 3, BUFFER, 0),
    "setsockopt on the channel": (54, 3, 1, 7, BUFFER, 4), "getpeername": (52, 3, BUFFER, BUFFER), "pipe": (22, BUFFER),
    "dup": (32, 3), "fcntl": (72, 3, 1), "eventfd": (284, 0), "epoll_create": (291, 0), "timerfd": (283, 1, 0),
    "signalfd": (289, -1, BUFFER, 8, 0),
    "io_uring_setup": (425, 1, BUFFER), "io_uring_enter": (426, 3, 1, 0, 0, 0, 0), "io_setup": (206, 1, BUFFER),
    # rights, namespaces, the kernel
    "unshare user": (272, 0x10000000), "unshare net": (272, 0x40000000), "setns": (308, 3, 0), "mount": (165, "x", "/", "tmpfs", 0, 0),
    "umount": (166, "/", 2), "pivot_root": (155, "/", "/"), "setuid": (105, 0), "setresuid": (117, 0, 0, 0), "setgid": (106, 0),
    "setgroups": (116, 0, 0), "capset": (126, BUFFER, BUFFER), "dumpable": (157, 4, 1, 0, 0, 0), "prctl seccomp": (157, 22, 1, 0, 0, 0),
    "seccomp": (317, 1, 0, BUFFER), "death signal off": (157, 1, 0, 0, 0, 0), "landlock": (444, BUFFER, 8, 0),
    "bpf": (321, 0, BUFFER, 72), "perf_event_open": (298, BUFFER, 0, -1, -1, 0), "userfaultfd": (323, 0),
    "add_key": (248, "user", "a", "x", 1, -3), "keyctl": (250, 0, -3, 0), "request_key": (249, "user", "a", 0, -3),
    "shmget": (29, 0, 4096, 0o1600), "msgget": (68, 0, 0o1600), "semget": (64, 0, 1, 0o1600), "mq_open": (240, "a", 0o102, 0o600, 0),
    "sethostname": (170, "x", 1), "settimeofday": (164, BUFFER, 0), "personality": (135, 0x40000), "syslog": (103, 3, BUFFER, 200),
    "acct": (163, 0), "init_module": (175, BUFFER, 8, "a"), "swapoff": (168, "{target}"), "quotactl": (179, 0, "/", 0, BUFFER),
    "iopl": (172, 3), "modify_ldt": (154, 0, BUFFER, 16), "uname": (63, BUFFER), "ioctl that types": (16, 3, 0x5412, BUFFER),
    "executable memory": (9, 0, 4096, 7, 0x22, -1, 0), "executable code page": (10, "PAGE", 4096, 5),
    "getpid of another numbering": (0x40000000 | 39,), "no such call": (999,),
}
PROGRAM = '''
import sys

def attack(c, words):
    frame = sys._getframe()
    while "kernel" not in frame.f_globals:
        frame = frame.f_back
    kernel = frame.f_globals["kernel"]
    ctypes = kernel.ctypes
    kept = ctypes.create_string_buffer(256)
    page = kernel.system_call(9, 0, 4096, 3, 0x22, -1, 0)
    known = {"BUFFER": ctypes.addressof(kept), "PAGE": page, "VICTIM": c["victim"], "HOST": c["host"]}
    def word(one):
        if type(one) is int:
            return one
        return known[one] if one in known else one.format(**c).encode() + b"\\0"
    return kernel.system_call(*map(word, words))
'''
