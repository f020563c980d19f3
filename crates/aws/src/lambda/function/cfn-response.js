// Sends the outcome of a custom resource to the stack that asked for it.

exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  const stream = context.logStreamName;
  const outcome = JSON.stringify({
    Status: responseStatus,
    Reason: `the log stream ${stream} has the details`,
    PhysicalResourceId: physicalResourceId || stream,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  const url = new URL(event.ResponseURL);
  const { request } = require(url.protocol === 'http:' ? 'http' : 'https');
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(outcome) };
  return new Promise((resolve) => {
    const end = (text) => {
      console.log(text);
      if (typeof context.done === 'function') context.done();
      resolve();
    };
    const sent = request(url, { method: 'PUT', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => end(`the outcome was sent: ${answer.statusCode}`));
    });
    sent.on('error', (error) => end(`the outcome could not be sent: ${error.message}`));
    sent.end(outcome);
  });
};
