"""The command `dentaltoposeg`.

May import everything but `scene`.
"""
