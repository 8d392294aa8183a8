"""Submissions to the leaderboard: made, checked and measured by `bench submit`, checked again by `bench verify`."""
