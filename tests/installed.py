"""Other packages that offer plug-ins, as pip leaves them."""


def install(place, name, points, modules):
    """A package as pip leaves it: its modules, and the folder that names its version and entry points."""
    for module, code in modules.items():
        path = place / name / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    about = place / f"{name}-1.2.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    lines = [f"[genbench.{kind}]\n{word} = {name}.{target}\n" for kind, (word, target) in points.items()]
    (about / "entry_points.txt").write_text("\n".join(lines))
