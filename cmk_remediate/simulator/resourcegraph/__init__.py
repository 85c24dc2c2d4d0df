"""Azure Resource Graph, as far as the queries of our services need it: a small subset of the Kusto Query Language.

Tables: ``resources``, ``resourcecontainers``, ``authorizationresources``, ``policyresources``.
Operators: ``where``, ``extend``, ``project``,
``order by`` (``sort by``), ``take`` (``limit``), ``count``. In expressions: paths (``properties.a.b``, ``tags['x']``), literals,
``and``, ``or``, ``==``, ``!=``, ``=~``, ``!~``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``in~``, ``!in``, ``!in~``, ``contains``,
``!contains``, ``startswith``, ``endswith``, ``has`` and the functions of `functions.FUNCTIONS`. Anything else is refused as Azure
refuses a query it cannot parse. Source: learn.microsoft.com, "Understanding the Azure Resource Graph query language".
"""
