# ruff: noqa: E501 - a table, one attack a line
"""Programs that try to get out of the sandbox, or to fool or exhaust its host: name -> body of `def attack(c)`.

`c` tells where the canaries are: `secret` and `target` are files, `folder` a folder anybody may write to, `port` and `udp` ports that
somebody listens at, `unix` and `abstract` sockets, `victim` a process of the same user, `host` this program, which has a secret in
its environment. An attack that returns what it got, or leaves a trace at a canary, has reached it.
"""

READ_FILES = {
    "open": "return open(c['secret']).read()",
    "os.open": "import os; return os.read(os.open(c['secret'], os.O_RDONLY), 99).decode()",
    "pathlib": "import pathlib; return pathlib.Path(c['secret']).read_text()",
    "io.FileIO": "import io; return io.FileIO(c['secret']).read().decode()",
    "codecs": "import codecs; return codecs.open(c['secret']).read()",
    "linecache": "import linecache; return linecache.getline(c['secret'], 1)",
    "import a file": "import sys, os; sys.path.append(c['folder']); import canary_module; return canary_module.SECRET",
    "open through a subclass walk": """
    for kind in object.__subclasses__():
        if kind.__name__ == '_IOBase':
            raw = [k for k in kind.__subclasses__() if k.__name__ == '_RawIOBase'][0].__subclasses__()
            return [k for k in raw if k.__name__ == 'FileIO'][0](c['secret']).read().decode()""",
    "eval of a compiled string": "return eval(compile('__import__(\"os\").popen(\"cat \" + p).read()', '', 'eval'), {'p': c['secret']})",
    "builtins by another name": "return getattr(__builtins__, '__dict__', __builtins__)['op' + 'en'](c['secret']).read()",
    "through a symbolic link": "import os; os.symlink(c['secret'], c['folder'] + '/link'); return open(c['folder'] + '/link').read()",
    "relative to the root": "import os; return open('../' * 20 + c['secret']).read()",
    "an open folder": "import os; d = os.open('/', os.O_RDONLY); return os.listdir(d)",
    "list a folder": "import os; return os.listdir(c['folder'])",
    "walk": "import os; return [f for _, _, f in os.walk(c['folder'])] or 1/0",
    "environment of the host": "return open(f\"/proc/{c['host']}/environ\").read()",
    "environment of this process": "return open('/proc/self/environ').read()",
    "environment of the parent": "import os; return open(f'/proc/{os.getppid()}/environ').read()",
    "environment of Python": "import os; return dict(os.environ)",
    "command line of the host": "return open(f\"/proc/{c['host']}/cmdline\").read()",
    "memory of the host": "return open(f\"/proc/{c['host']}/mem\", 'rb').read(1)",
    "inherited descriptors": """
    import os
    got = []
    for number in list(range(3)) + list(range(4, 256)):
        try:
            os.fstat(number); got.append(number)
        except OSError:
            pass
    return 'CANARY' if got else None""",
}
WRITE_FILES = {
    "write": "open(c['target'], 'w').write('x')",
    "append": "open(c['target'], 'a').write('x')",
    "create": "open(c['folder'] + '/new', 'x').close()",
    "os.open and create": "import os; os.close(os.open(c['folder'] + '/new', os.O_CREAT | os.O_WRONLY))",
    "remove": "import os; os.remove(c['target'])",
    "rename": "import os; os.rename(c['target'], c['folder'] + '/new')",
    "make a folder": "import os; os.mkdir(c['folder'] + '/new')",
    "link": "import os; os.link(c['target'], c['folder'] + '/new')",
    "temporary file": "import tempfile; tempfile.NamedTemporaryFile(dir=c['folder'], delete=False).close()",
    "shutil": "import shutil; shutil.copy(c['secret'], c['folder'] + '/new')",
    "truncate": "import os; os.truncate(c['target'], 0)",
    "change the mode": "import os; os.chmod(c['target'], 0o000)",
    "a pipe with a name": "import os; os.mkfifo(c['folder'] + '/new')",
    "when it ends": "import atexit; atexit.register(lambda: open(c['folder'] + '/new', 'x')); raise SystemExit",
    "in a finalizer": """
    class Late:
        def __del__(self): open(c['folder'] + '/new', 'x').close()
    Late()""",
}
PROCESSES = {
    "os.system": "import os; os.system('touch ' + c['folder'] + '/new')",
    "popen": "import os; return os.popen('cat ' + c['secret']).read()",
    "subprocess": "import subprocess; return subprocess.run(['/bin/cat', c['secret']], capture_output=True, text=True).stdout",
    "exec": "import os; os.execv('/bin/sh', ['sh', '-c', 'touch ' + c['folder'] + '/new'])",
    "spawn": "import os; os.posix_spawn('/bin/sh', ['sh', '-c', 'touch ' + c['folder'] + '/new'], {})",
    "fork": """
    import os
    if not os.fork():
        os._exit(0)
    return 'CANARY'""",
    "many forks": """
    import os
    for _ in range(20):
        if not os.fork():
            os._exit(0)
    return 'CANARY'""",
    "subprocess with its descriptors": """
    import subprocess
    subprocess.Popen(['/bin/sh', '-c', 'touch ' + c['folder'] + '/new'], close_fds=False).wait()""",
    "a thread": "import threading; t = threading.Thread(target=print); t.start(); return 'CANARY'",
    "Popen by a subclass walk": """
    kinds = [k for k in object.__subclasses__() if k.__name__ == 'Popen']
    kinds[0](['/bin/sh', '-c', 'touch ' + c['folder'] + '/new']).wait()""",
    "signal the victim": "import os; os.kill(c['victim'], 9)",
    "signal the host": "import os; os.kill(c['host'], 10)",
    "signal everybody": "import os; os.kill(-1, 18); return 'CANARY'",
    "signal the parent": "import os; os.kill(os.getppid(), 9); return 'CANARY'",
    "signal the group": "import os; os.killpg(0, 0); return 'CANARY'",
    "nice": "import os; os.setpriority(os.PRIO_PROCESS, c['victim'], 19)",
    "affinity": "import os; os.sched_setaffinity(c['victim'], {0}); return 'CANARY'",
}
NETWORK = {
    "tcp": "import socket; socket.create_connection(('127.0.0.1', c['port']), 1).send(b'x')",
    "tcp by _socket": "import _socket; s = _socket.socket(); s.connect(('127.0.0.1', c['port']))",
    "udp": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', c['udp']))",
    "unix": "import socket; socket.socket(socket.AF_UNIX).connect(c['unix'])",
    "abstract unix": "import socket; socket.socket(socket.AF_UNIX).connect(chr(0) + c['abstract'])",
    "name lookup": "import socket; return socket.getaddrinfo('localhost', c['port'])[0] and 'CANARY'",
    "listen": "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return 'CANARY'",
    "netlink": "import socket; socket.socket(16, 3, 0); return 'CANARY'",
    "descriptor passing": """
    import array, socket
    socket.socket(1, 1, 0, fileno=3).sendmsg([b'x'], [(1, 1, array.array('i', [3]))])
    return 'CANARY'""",
}
HARNESS = {
    "frames to the harness": """
    import sys
    frame, got = sys._getframe(), []
    while frame:
        got += [str(v) for v in frame.f_globals.values()] + [str(v) for v in frame.f_locals.values()]
        frame = frame.f_back
    return [text for text in got if 'CANARY' in text]""",
    "objects of the collector": "import gc; return [str(o)[:200] for o in gc.get_objects() if type(o) is str and 'CANARY' in o]",
    "ctypes from the harness": """
    import sys
    frame = sys._getframe()
    while 'kernel' not in frame.f_globals:
        frame = frame.f_back
    libc = frame.f_globals['kernel'].LIBC
    return 'CANARY' if libc.system(b'touch ' + c['folder'].encode() + b'/new') == 0 else None""",
    "a forged answer": "import os; p = b'[\"ok\",\"F\",\"\",\"\",\"\",\"\",false,0,99]'; os.write(3, len(p).to_bytes(4, 'little') + p)",
    "a frame without end": "import os; os.write(3, b'\\xff\\xff\\xff\\xff' + b'x' * 1000)",
    "half a frame": "import os; os.write(3, b'\\x10\\x00\\x00\\x00x'); os._exit(0)",
    "an answer of deep lists": "import os; p = b'[' * 60000; os.write(3, len(p).to_bytes(4, 'little') + p)",
    "an answer as infrastructure": """
    import os
    p = b'["infrastructure",null,"","","","",false,0,2]'
    os.write(3, len(p).to_bytes(4, 'little') + p); os._exit(0)""",
    "an answer with an infinite time": """
    import os
    p = b'["ok",null,"","","","",false,1e999,2]'
    os.write(3, len(p).to_bytes(4, 'little') + p); os._exit(0)""",
    "read the host's requests": "import os; return os.read(3, 10) and 'CANARY'",
    "json replaced": "import json; json.JSONEncoder.encode = json.dumps = json.loads = lambda *a, **k: 1/0",
    "builtins replaced": "import builtins; builtins.len = builtins.str = builtins.isinstance = builtins.type = lambda *a: 1/0",
    "a lying class name": """
    class Meta(type):
        __name__ = property(lambda cls: 1/0)
    class Odd(Exception, metaclass=Meta): pass
    raise Odd()""",
    "a repr that exits": """
    import os
    class Odd(Exception):
        def __str__(self): os._exit(7)
    raise Odd()""",
    "a str that raises": """
    class Odd(Exception):
        def __str__(self): raise SystemExit
    raise Odd()""",
    "a str of another kind": """
    class Text(str):
        def __getitem__(self, key): return 1/0
    class Odd(Exception):
        def __str__(self): return Text('x')
    raise Odd()""",
    "a dict that lies": """
    class Odd(dict):
        def items(self): return [(i, i) for i in range(3)] + [object()]
    return Odd(a=1)""",
    "a cycle": "a = []; a.append(a); return a",
    "a deep result": """
    a = []
    for _ in range(100000): a = [a]
    return a""",
    "a code object as the result": "return (lambda: 0).__code__",
    "a pickle as the result": "return 'gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu'",
    "interrupt": "raise KeyboardInterrupt",
    "generator exit": "raise GeneratorExit",
    "trace function": "import sys; sys.settrace(lambda *a: 1/0); return 1",
    "descriptors closed": "import os; os.closerange(0, 64)",
}
EXHAUSTION = {
    "a loop": "while True: pass",
    "a loop that catches all": """
    while True:
        try:
            while True: pass
        except BaseException: pass""",
    "signals ignored": """
    import signal
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    while True: pass""",
    "a slow expression": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "a large power": "return len(str(7 ** 10 ** 9))",
    "a slow str": """
    class Odd(Exception):
        def __str__(self):
            while True: pass
    raise Odd()""",
    "sleep": "import time; time.sleep(1e6)",
    "sleep in the kernel": "import threading; threading.Lock().acquire(); l = threading.Lock(); l.acquire(); l.acquire()",
    "memory at once": "return len(bytearray(1 << 40))",
    "memory bit by bit": """
    kept = []
    while True: kept.append(bytearray(1 << 20))""",
    "a shift": "return 1 << (1 << 40)",
    "many small objects": "return sum(1 for _ in [[i] for i in range(10 ** 9)])",
    "output without end": "while True: print('x' * 10000)",
    "a large result": "return 'x' * (1 << 26)",
    "recursion": "return attack(c)",
    "recursion unbounded": "import sys; sys.setrecursionlimit(1 << 30); return attack(c)",
    "recursion in C": """
    import functools, sys
    sys.setrecursionlimit(1 << 30)
    deep = lambda: 0
    for _ in range(10 ** 5):
        deep = type('Deep', (), {'__call__': deep})()
    return deep()""",
    "nested brackets": "return eval('(' * 100000)",
    "deep syntax": "return compile('-' * 1000000 + '1', '', 'eval')",
    "limits raised": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); return 'CANARY'",
    "timers": """
    import signal
    signal.signal(14, lambda *a: None)
    signal.setitimer(0, .01, .01)
    while True: pass""",
}
TABLE: dict[str, str] = {
    f"{title}: {name}": body
    for title, group in (
        ("read", READ_FILES), ("write", WRITE_FILES), ("process", PROCESSES), ("network", NETWORK), ("harness", HARNESS),
        ("exhaust", EXHAUSTION),
    )
    for name, body in group.items()
}
