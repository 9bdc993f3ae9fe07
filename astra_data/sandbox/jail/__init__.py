"""What runs in the processes of the pool: the standard library and the modules beside this one, nothing else of ours.

`zygote` is the program of a worker. It preloads modules, locks itself in (`layers`) and forks a child per episode; the child
adds its limits and the system call filter (`confinement`), makes chance and time repeatable, and answers requests (`service`).
"""
