"""Shapes of arrays in annotations, such as Float[np.ndarray, "n d"], by the names of jaxtyping.

jaxtyping takes a tenth of the time of an answer from the cache, and nothing reads the annotations there. So it is
imported for whoever checks them and has it already: the tests, and programs that use it themselves.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool as Bool
    from jaxtyping import Float as Float
    from jaxtyping import Float32 as Float32
    from jaxtyping import Float64 as Float64
    from jaxtyping import Int as Int
    from jaxtyping import Int64 as Int64
    from jaxtyping import Num as Num
    from jaxtyping import Shaped as Shaped
    from jaxtyping import UInt8 as UInt8
else:

    class Shaped:
        """An array of any type and shape."""

        def __class_getitem__(cls, of: tuple[type, str]) -> type:
            return of[0]

    Bool = Float = Float32 = Float64 = Int = Int64 = Num = UInt8 = Shaped
