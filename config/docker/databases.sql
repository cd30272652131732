-- Prefect's history lies beside our store, in a database of its own.
CREATE DATABASE prefect;
