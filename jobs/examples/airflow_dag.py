"""Ingest and report every night, with Airflow 2.4 or later of 2, on a machine that has Tiltmeter in /opt/tiltmeter."""

import subprocess
from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.operators.python import PythonOperator

JOBS = "/opt/tiltmeter/jobs/"
METRICS = "/srv/tiltmeter/metrics"

# Findings (1), wrong usage (2) and unusable input (3) do not go away by trying again; anything else may.
FOR_GOOD = {1, 2, 3}


def run(job, *arguments):
    ended = subprocess.run([JOBS + job, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(ended.stdout)
    if ended.returncode in FOR_GOOD:
        raise AirflowFailException(f"jobs/{job} ended with {ended.returncode}; its log above says why")
    if ended.returncode != 0:
        raise AirflowException(f"jobs/{job} ended with {ended.returncode}")


with DAG(
    dag_id="tiltmeter",
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # Two nights must not write to one output.
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
) as dag:
    ingest = PythonOperator(
        task_id="ingest",
        python_callable=run,
        op_args=["ingest", "--input", "/srv/logs", "--output", METRICS],
    )
    nightly = PythonOperator(
        task_id="nightly",
        python_callable=run,
        op_args=["nightly", "--metrics", METRICS, "--output", "/srv/tiltmeter/reports", "--fail-on", "error"],
    )
    ingest >> nightly
