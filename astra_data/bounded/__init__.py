"""Reading what strangers made, with an end: of size, of depth, and of what a small thing can unfold to.

    for number, line in files.lines(path): ...              # plain or gzipped, bounded per line and in what is unpacked
    json_text.loads(line, Place(path.name, number))
    yaml_text.loads(files.content(path), path.name)

Whatever goes beyond a bound is a `DataError` that names the place, the bound and the mend.
"""
