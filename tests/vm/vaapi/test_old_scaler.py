"""What is composed by Debian 13's PyAV, whose scaler has to be told otherwise, is the same."""

from tests.present.test_compose import (
    test_a_line_stays_sharp_where_the_picture_is_enlarged,
    test_any_size_is_scaled_to_its_place,
    test_bars_are_black_and_the_picture_is_in_its_place,
    test_colour_bars_of_each_matrix_range_and_format,
    test_limited_and_full_range,
)

__all__ = [
    "test_a_line_stays_sharp_where_the_picture_is_enlarged",
    "test_any_size_is_scaled_to_its_place",
    "test_bars_are_black_and_the_picture_is_in_its_place",
    "test_colour_bars_of_each_matrix_range_and_format",
    "test_limited_and_full_range",
]
